package org.tritonclient;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The direct buffer of a tensor, and the number of calls that use it. The native side takes the address from the
 * buffer, which ignores its position, and adds ours, in bytes.
 */
final class TensorBuffer {
    /** The count of users while one call alone may use the buffer. */
    private static final int EXCLUSIVE = -1;

    final Buffer buffer;
    final long position;
    final long byteSize;
    private final AtomicInteger users = new AtomicInteger();

    /**
     * Wraps a direct buffer that nobody else moves: a duplicate of a user's.
     *
     * @param position in bytes
     */
    TensorBuffer(Buffer buffer, long position, long byteSize) {
        this.buffer = buffer;
        this.position = position;
        this.byteSize = byteSize;
    }

    static TensorBuffer allocate(int byteSize) {
        return new TensorBuffer(ByteBuffer.allocateDirect(byteSize), 0, byteSize);
    }

    /** Counts a call that reads the buffer, until {@link #release}. */
    void acquire() {
        users.incrementAndGet();
    }

    /** Takes the buffer for a call that writes it, until {@link #release}, unless another call has it. */
    boolean tryAcquireExclusively() {
        return users.compareAndSet(0, EXCLUSIVE);
    }

    void release() {
        if (users.decrementAndGet() < 0) {
            users.set(0);
        }
    }

    boolean isFree() {
        return users.get() == 0;
    }

    /**
     * Fails if the memory is not accessible. Native code gets the address of a buffer over a memory segment even after
     * its arena was closed, and on a thread that the arena refuses; reading an element is what Java checks.
     *
     * @throws IllegalStateException if the arena of the buffer's memory segment is closed; on a thread that a confined
     *     arena refuses, the JDK's WrongThreadException
     */
    void checkAccess() {
        int at = buffer.position();
        if (buffer instanceof ByteBuffer) {
            ((ByteBuffer) buffer).get(at);
        } else if (buffer instanceof FloatBuffer) {
            ((FloatBuffer) buffer).get(at);
        } else if (buffer instanceof IntBuffer) {
            ((IntBuffer) buffer).get(at);
        } else if (buffer instanceof LongBuffer) {
            ((LongBuffer) buffer).get(at);
        } else if (buffer instanceof DoubleBuffer) {
            ((DoubleBuffer) buffer).get(at);
        } else {
            ((ShortBuffer) buffer).get(at);
        }
    }
}
