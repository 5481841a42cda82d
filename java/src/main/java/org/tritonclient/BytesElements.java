package org.tritonclient;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Reads the elements of a BYTES tensor, each of which follows its length, 4 bytes little-endian. The tensor may be in
 * several buffers, which split elements and lengths anywhere.
 */
final class BytesElements {
    private final String name;
    private final ByteBuffer[] buffers;
    private int at;
    private ByteBuffer buffer;
    private long left;
    private long position;
    private byte[] scratch = new byte[0];

    /**
     * @param name of the output, for messages
     * @param buffers at least one, little-endian; their positions change
     */
    BytesElements(String name, ByteBuffer[] buffers) {
        this.name = name;
        this.buffers = buffers;
        for (ByteBuffer one : buffers) {
            one.mark();
        }
        rewind();
    }

    private void rewind() {
        left = 0;
        for (ByteBuffer one : buffers) {
            one.reset();
            left += one.remaining();
        }
        at = 0;
        position = 0;
        buffer = buffers[0];
    }

    /**
     * Counts the elements, so that none is read before the whole tensor is known to be sound.
     *
     * @throws InferenceException INTERNAL if the tensor is malformed, or has another number of elements;
     *     RESOURCE_EXHAUSTED if an element, or the list of all, does not fit a Java array
     */
    int count(long expected) {
        long count = 0;
        for (; left > 0; count++) {
            skip(length());
        }
        if (count != expected) {
            throw malformed("expected " + expected + " elements, got " + count + " elements");
        }
        if (count > Integer.MAX_VALUE - 8) {
            throw Messages.exhausted("output '" + Messages.excerpt(name) + "': " + count
                    + " elements do not fit a Java array: use getOutputBuffers");
        }
        rewind();
        return (int) count;
    }

    /** Returns the next element. The tensor has been counted. */
    byte[] next() {
        byte[] element = new byte[length()];
        get(element, element.length);
        return element;
    }

    /** Returns the next element as UTF-8, malformed parts of which become U+FFFD. The tensor has been counted. */
    String nextString() {
        int length = length();
        if (buffer.hasArray() && length <= buffer.remaining()) {
            int start = buffer.arrayOffset() + buffer.position();
            String text = new String(buffer.array(), start, length, StandardCharsets.UTF_8);
            skip(length);
            return text;
        }
        if (scratch.length < length) {
            scratch = new byte[Math.max(length, 256)];
        }
        get(scratch, length);
        return new String(scratch, 0, length, StandardCharsets.UTF_8);
    }

    /** Reads a length, and checks that so many bytes follow. */
    private int length() {
        if (left < Integer.BYTES) {
            throw malformed("expected the 4 bytes of an element's length at offset " + position + ", got " + left
                    + " bytes");
        }
        long start = position;
        long length;
        if (buffer.remaining() >= Integer.BYTES) {
            length = Integer.toUnsignedLong(buffer.getInt());
            advance(Integer.BYTES);
        } else {
            byte[] prefix = new byte[Integer.BYTES];
            get(prefix, prefix.length);
            length = Integer.toUnsignedLong((int) LittleEndian.INT.get(prefix, 0));
        }
        if (length > left) {
            throw malformed("expected an element of " + length + " bytes at offset " + start + ", got " + left
                    + " bytes");
        }
        if (length > Integer.MAX_VALUE - 8) {
            throw Messages.exhausted("output '" + Messages.excerpt(name) + "': an element of " + length
                    + " bytes does not fit a Java array: use getOutputBuffers");
        }
        return (int) length;
    }

    private void get(byte[] into, int length) {
        for (int done = 0; done < length; ) {
            nextBuffer();
            int count = Math.min(length - done, buffer.remaining());
            buffer.get(into, done, count);
            advance(count);
            done += count;
        }
    }

    private void skip(int length) {
        for (int rest = length; rest > 0; ) {
            nextBuffer();
            int count = Math.min(rest, buffer.remaining());
            buffer.position(buffer.position() + count);
            advance(count);
            rest -= count;
        }
    }

    private void advance(int count) {
        left -= count;
        position += count;
    }

    private void nextBuffer() {
        while (!buffer.hasRemaining()) {
            buffer = buffers[++at];
        }
    }

    private InferenceException malformed(String why) {
        return Messages.malformedResponse("output '" + Messages.excerpt(name) + "': invalid BYTES tensor: " + why);
    }
}
