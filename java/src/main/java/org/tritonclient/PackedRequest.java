package org.tritonclient;

import java.util.Arrays;

/**
 * A request as it crosses to the native side: its record, and the buffers to which the record refers by index. They
 * must stay reachable until the call is complete, and be released then.
 */
final class PackedRequest {
    /** The record; set once it is complete. */
    byte[] record;

    /** The buffers, all direct; {@code null} if there are none. */
    Object[] buffers;

    private TensorBuffer[] acquired;

    /** Adds a buffer whose first bytes the call reads, and writes its index, position and that size. */
    void addInput(TensorBuffer tensor, long byteSize, RecordWriter record) {
        int index = grow();
        tensor.acquire();
        put(index, tensor, byteSize, record);
    }

    /** Adds a buffer that the call writes. Returns {@code false} if another call has it. */
    boolean addOutput(TensorBuffer tensor, RecordWriter record) {
        int index = grow();
        if (!tensor.tryAcquireExclusively()) {
            return false;
        }
        put(index, tensor, tensor.byteSize, record);
        return true;
    }

    /** Makes room before a buffer is acquired: this may fail. */
    private int grow() {
        // Few requests have several buffers.
        int index = buffers == null ? 0 : buffers.length;
        acquired = index == 0 ? new TensorBuffer[1] : Arrays.copyOf(acquired, index + 1);
        buffers = index == 0 ? new Object[1] : Arrays.copyOf(buffers, index + 1);
        return index;
    }

    private void put(int index, TensorBuffer tensor, long byteSize, RecordWriter record) {
        acquired[index] = tensor;
        buffers[index] = tensor.buffer;
        record.i32(index).i64(tensor.position).i64(byteSize);
    }

    /** Releases the buffers. The native side must not use them any more. Does nothing the second time. */
    void release() {
        if (acquired == null) {
            return;
        }
        TensorBuffer[] all;
        synchronized (this) {
            all = acquired;
            acquired = null;
        }
        if (all == null) {
            return;
        }
        for (TensorBuffer tensor : all) {
            if (tensor != null) {
                tensor.release();
            }
        }
    }
}
