package org.tritonclient;

/**
 * The functions of the native library, one for each operation. {@code src/jni/mod.rs} has the same table;
 * {@link #register} connects the two.
 *
 * <p>Handles are addresses: the caller sees to it that each is alive during a call. Options are packed records or
 * {@code null}; a token is the handle of a cancel token that ends the call, or 0. All functions throw
 * {@link InferenceException}, except those that return a handle's state or free it.
 */
final class Native {
    /** The number of this version of the functions and of the packed records. The library has the same number. */
    static final int ABI = 1;

    private Native() {}

    static native int abiVersion();

    /** Connects all other functions. */
    static native void register();

    // Clients. The record of the options begins after the URL, in UTF-8.

    static native long clientNew(byte[] url, byte[] options, Completions completions);

    static native void clientClose(long client, long timeoutNanos);

    /** Cancels everything that is under way, and refuses further calls. */
    static native void clientShutdown(long client);

    static native void clientFree(long client);

    static native byte[] clientStatistics(long client);

    static native byte[] connectionCounts(long client);

    static native void closeIdle(long client);

    // Cancel tokens.

    static native long tokenNew();

    static native void tokenCancel(long token);

    static native boolean tokenIsCancelled(long token);

    static native void tokenFree(long token);

    // Inference. A result is a byte[], or an Object[] of a byte[] and the direct buffers to which it refers.

    static native Object infer(long client, byte[] request, Object[] buffers, byte[] options, long token);

    /**
     * Starts a call, which ends by {@link Completions#complete} with the id, exactly once, if this returns true.
     * Returns false if it gave up; a wait ends by {@link #cancelCall} too.
     *
     * @param whenFull what it does if as many calls are in flight as permitted
     * @param onIoThread whether the call ends on the thread that all asynchronous calls of the client share, and not on
     *     a callback thread: the receiver must not block there, nor run code of the user
     */
    static native boolean inferAsync(
            long client,
            byte[] request,
            Object[] buffers,
            byte[] options,
            long id,
            int whenFull,
            boolean onIoThread);

    // Values of `whenFull`: give up, wait here, and let the call itself wait.
    static final int GIVE_UP = 0;
    static final int BLOCK = 1;
    static final int QUEUE = 2;

    /** Returns an outcome for each request; an error for one that is {@code null}. */
    static native Object[] inferMany(long client, byte[][] requests, Object[][] buffers, byte[] options, long token);

    static native void cancelCall(long client, long id);

    static native void resultFree(long result);

    // Streams. An event is what `infer` returns; the end is the kind of outcome that no call has.

    static native long streamOpen(long client, byte[] options);

    static native void streamSend(long stream, byte[] request, Object[] buffers, long timeoutNanos, long token);

    /**
     * Sends a request without blocking. Returns {@code false} if the queue has no room: then the outcome, an error or
     * an end that is OK, follows by {@link Completions#complete} with the id, exactly once.
     */
    static native boolean streamSendAsync(
            long stream, byte[] request, Object[] buffers, long timeoutNanos, long token, long id);

    static native void streamFinish(long stream);

    static native void streamCancel(long stream);

    /** Returns the next event. After the end, the end is returned again. */
    static native Object streamNext(long stream, long timeoutNanos, long token);

    /** Lets the next event come by {@link Completions#complete} with the id, exactly once, unless this throws. */
    static native void streamNextAsync(long stream, long id);

    /** Frees a stream, after cancelling it. */
    static native void streamFree(long stream);

    // The control plane. The arguments are a record of the strings that the method of Rust takes, and of the
    // operation's own options; the result is the record of the class of that name, or empty.

    static native byte[] isServerLive(long client, byte[] arguments, byte[] options, long token);

    static native byte[] isServerReady(long client, byte[] arguments, byte[] options, long token);

    static native byte[] isModelReady(long client, byte[] arguments, byte[] options, long token);

    static native byte[] healthCheck(long client, byte[] arguments, byte[] options, long token);

    static native byte[] waitReady(long client, byte[] arguments, byte[] options, long token);

    static native byte[] serverMetadata(long client, byte[] arguments, byte[] options, long token);

    static native byte[] modelMetadata(long client, byte[] arguments, byte[] options, long token);

    static native byte[] modelConfig(long client, byte[] arguments, byte[] options, long token);

    static native byte[] repositoryIndex(long client, byte[] arguments, byte[] options, long token);

    static native byte[] loadModel(long client, byte[] arguments, byte[] options, long token);

    static native byte[] unloadModel(long client, byte[] arguments, byte[] options, long token);

    static native byte[] modelStatistics(long client, byte[] arguments, byte[] options, long token);

    static native byte[] traceSettings(long client, byte[] arguments, byte[] options, long token);

    static native byte[] updateTraceSettings(long client, byte[] arguments, byte[] options, long token);

    static native byte[] logSettings(long client, byte[] arguments, byte[] options, long token);

    static native byte[] updateLogSettings(long client, byte[] arguments, byte[] options, long token);

    static native byte[] metrics(long client, byte[] arguments, byte[] options, long token);

    /** Opens connections; the argument is their number. */
    static native byte[] connect(long client, byte[] arguments, byte[] options, long token);

    static native byte[] generate(long client, byte[] arguments, byte[] options, long token);

    /** Passes each event to {@code events}, on the calling thread; what that throws ends the call, and is thrown. */
    static native byte[] generateStream(
            long client, byte[] arguments, byte[] options, long token, GenerateEvents events);

    // 16-bit floats.

    static native byte[] halfFromFloats(float[] values, int datatype);

    static native float[] halfToFloats(byte[] values, int datatype);

    // For tests.

    /** Panics in the native library. */
    static native void panic(byte[] message);

    /** Returns the number of native objects that are alive: clients, results, streams, tokens, calls under way. */
    static native long liveObjects();

    /**
     * Called by the native side, which throws what this returns.
     *
     * @param cause what a callback of the user threw; {@code null} if that is not why
     */
    static InferenceException failure(byte[] record, Throwable cause) {
        return InferenceException.read(new RecordReader(record), cause);
    }
}
