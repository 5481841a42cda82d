package org.tritonclient;

/** Passes the events of a stream to a handler. */
final class HandlerSink implements EventPump.Sink {
    private final StreamHandler handler;

    HandlerSink(StreamHandler handler) {
        this.handler = handler;
    }

    @Override
    public void event(StreamEvent event) {
        if (event.isResult()) {
            handler.onResult(event.getResult());
        } else {
            handler.onRequestError(event.getError());
        }
    }

    @Override
    public void end(Throwable error) {
        if (error == null || error instanceof InferenceException) {
            handler.onEnd((InferenceException) error);
        } else {
            handler.onEnd(EventPump.failure("an event of the stream was lost, and the stream was cancelled", error));
        }
    }

    @Override
    public Throwable thrown(Throwable cause) {
        return EventPump.failure("the handler of the stream threw an exception, and the stream was cancelled", cause);
    }
}
