package org.tritonclient;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** What the headers of an ELF file say. */
final class ElfFile {
    private static final int HEADER = 64;
    private static final int SEGMENT = 56;
    private static final int LOAD = 1;

    private ElfFile() {}

    /**
     * Returns why the file must not be loaded, or {@code null}. If the end of a segment is missing, the dynamic loader
     * maps what there is and the JVM dies with SIGBUS at the first access: no exception says so. If the file has
     * another format, the JVM suspects an executable stack, and prints a warning beside its exception.
     */
    static String problem(Path path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            long length = file.length();
            if (length == 0) {
                return "the file is empty";
            }
            ByteBuffer header = read(file, 0, HEADER);
            if (header == null || !isElf(header)) {
                return "the file is not a shared library";
            }
            if (!is64Bit(header)) {
                return null;
            }
            long offset = header.getLong(32);
            int count = Short.toUnsignedInt(header.getShort(56));
            for (int i = 0; i < count; i++) {
                ByteBuffer segment = read(file, offset + (long) i * SEGMENT, SEGMENT);
                if (segment == null) {
                    return "the file is truncated: " + length + " bytes, and its table of segments is missing";
                }
                segment.order(header.order());
                long end = segment.getLong(8) + segment.getLong(32);
                if (segment.getInt(0) == LOAD && end > length) {
                    return "the file is truncated: expected at least " + end + " bytes, got " + length;
                }
            }
            return null;
        }
    }

    /** Returns the processor for which the file was built, as in {@link NativePlatform#arch}; {@code null}: unknown. */
    static String arch(Path path) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            ByteBuffer header = read(file, 0, HEADER);
            return header == null || !isElf(header) ? null : arch(header);
        } catch (IOException e) {
            return null;
        }
    }

    private static String arch(ByteBuffer header) {
        boolean is64Bit = is64Bit(header);
        int machine = Short.toUnsignedInt(header.getShort(18));
        switch (machine) {
            case 3:
                return "x86";
            case 21:
                return "ppc64";
            case 22:
                return "s390x";
            case 40:
                return "arm";
            case 62:
                return is64Bit ? "x86_64" : "x32";
            case 183:
                return "aarch64";
            case 243:
                return is64Bit ? "riscv64" : "riscv32";
            default:
                return "processor " + machine;
        }
    }

    private static boolean isElf(ByteBuffer header) {
        boolean isElf = header.get(0) == 0x7F && header.get(1) == 'E' && header.get(2) == 'L' && header.get(3) == 'F';
        header.order(header.get(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        return isElf;
    }

    private static boolean is64Bit(ByteBuffer header) {
        return header.get(4) == 2;
    }

    /** Returns {@code null} if the file does not have all of these bytes. */
    private static ByteBuffer read(RandomAccessFile file, long offset, int length) throws IOException {
        if (offset < 0 || offset > file.length() - length) {
            return null;
        }
        byte[] bytes = new byte[length];
        file.seek(offset);
        file.readFully(bytes);
        return ByteBuffer.wrap(bytes);
    }
}
