package org.tritonclient;

import java.util.Objects;
import java.util.concurrent.Flow;

/** The events of a stream as a publisher: {@link InferStream#publisher}. */
final class StreamPublisher implements Flow.Publisher<StreamEvent> {
    /** Makes the one pump of a stream. */
    interface Pumps {
        /** @throws IllegalStateException if the events go elsewhere, or the stream is closed */
        EventPump claim(EventPump.Sink sink);

        /** Logs what a subscriber threw. */
        void log(String message, Throwable cause);
    }

    private final Pumps pumps;
    /** Kept until there is a subscriber, without which a stream that nobody refers to is cancelled. */
    private volatile Object owner;

    /** @param owner the object of the user, whose end is that of the stream */
    StreamPublisher(Pumps pumps, Object owner) {
        this.pumps = pumps;
        this.owner = owner;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super StreamEvent> subscriber) {
        Objects.requireNonNull(subscriber, "subscriber");
        EventPump pump;
        try {
            pump = pumps.claim(new SubscriberSink(subscriber));
        } catch (IllegalStateException refused) {
            refuse(subscriber, refused);
            return;
        }
        owner = null;
        try {
            subscriber.onSubscribe(new PumpSubscription(pump));
        } catch (Throwable thrown) {
            pumps.log("a subscriber of a stream threw an exception, and the stream is cancelled", thrown);
            pump.stop(null);
        }
        pump.start();
    }

    private void refuse(Flow.Subscriber<? super StreamEvent> subscriber, IllegalStateException refused) {
        try {
            subscriber.onSubscribe(new RefusedSubscription());
            subscriber.onError(refused);
        } catch (Throwable thrown) {
            pumps.log("a subscriber of a stream threw an exception", thrown);
        }
    }

    private static final class SubscriberSink implements EventPump.Sink {
        private final Flow.Subscriber<? super StreamEvent> subscriber;

        SubscriberSink(Flow.Subscriber<? super StreamEvent> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void event(StreamEvent event) {
            subscriber.onNext(event);
        }

        @Override
        public void end(Throwable error) {
            if (error == null) {
                subscriber.onComplete();
            } else {
                subscriber.onError(error);
            }
        }

        /** A subscriber that throws has cancelled its subscription. */
        @Override
        public Throwable thrown(Throwable cause) {
            return null;
        }
    }

    private static final class PumpSubscription implements Flow.Subscription {
        private final EventPump pump;

        PumpSubscription(EventPump pump) {
            this.pump = pump;
        }

        @Override
        public void request(long count) {
            if (count > 0) {
                pump.request(count);
            } else {
                // The words of the specification, rule 3.9.
                pump.stop(new IllegalArgumentException("non-positive subscription request: " + count));
            }
        }

        @Override
        public void cancel() {
            pump.stop(null);
        }
    }

    private static final class RefusedSubscription implements Flow.Subscription {
        @Override
        public void request(long count) {}

        @Override
        public void cancel() {}
    }
}
