package org.tritonclient;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * The owner of a native object: counts the calls that use it, and frees it once, when it is closed and the last of
 * them has ended. It is the action of a {@link java.lang.ref.Cleaner}, so it must not refer to its owner.
 */
final class NativeHandle implements Runnable {
    private static final VarHandle STATE;
    private static final VarHandle FREED;
    /** The bit of {@link #state} that is set by closing; the bits above count the users. */
    private static final long CLOSED = 1;
    private static final long USER = 2;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(NativeHandle.class, "state", long.class);
            FREED = MethodHandles.lookup().findVarHandle(NativeHandle.class, "freed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long address;
    private final LongConsumer free;
    private final String name;
    private volatile long state;
    private volatile boolean freed;

    /**
     * Creates a native object, and owns it: this allocates nothing more, which could fail and leave it without owner.
     *
     * @param create returns its address
     * @param name   what it is, for the message of an exception: "the client"
     */
    NativeHandle(LongSupplier create, LongConsumer free, String name) {
        this.free = free;
        this.name = name;
        address = create.getAsLong();
    }

    /** Returns the address for one use, which {@link #release} ends. */
    long acquire() {
        long before = (long) STATE.getAndAdd(this, USER);
        if ((before & CLOSED) != 0) {
            release();
            throw new IllegalStateException(name + " is closed");
        }
        return address;
    }

    /** As {@link #acquire}; 0 if it is closed. Only another value is released. */
    long tryAcquire() {
        long before = (long) STATE.getAndAdd(this, USER);
        if ((before & CLOSED) != 0) {
            release();
            return 0;
        }
        return address;
    }

    void release() {
        if ((long) STATE.getAndAdd(this, -USER) == USER + CLOSED) {
            freeOnce();
        }
    }

    boolean isClosed() {
        return (state & CLOSED) != 0;
    }

    /** Refuses further uses, and frees the object after the last one: here if there is none. Does not block. */
    void close() {
        if ((long) STATE.getAndBitwiseOr(this, CLOSED) == 0) {
            freeOnce();
        }
    }

    @Override
    public void run() {
        close();
    }

    /** A refused {@link #acquire} after the end counts up and down once more, and comes here again. */
    private void freeOnce() {
        if (FREED.compareAndSet(this, false, true)) {
            free.accept(address);
        }
    }
}
