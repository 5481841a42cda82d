package org.tritonclient;

import java.util.List;

/** The parts of error messages, worded and bounded as in the native library, and its rules of reading numbers. */
final class Messages {
    /** The maximum length of a text in a message. */
    private static final int EXCERPT = 256;

    /** The maximum number of items in a message. */
    private static final int LISTED = 8;

    private Messages() {}

    /** Creates the error of a response that violates the protocol. */
    static InferenceException malformedResponse(String message) {
        return new InferenceException(Status.INTERNAL, Origin.CONNECTION, message);
    }

    /** Creates the error of an argument that is invalid. */
    static InferenceException invalid(String message) {
        return new InferenceException(Status.INVALID_ARGUMENT, Origin.ARGUMENT, message);
    }

    /** Creates the error of a call that the state of an object does not permit. */
    static InferenceException precondition(String message) {
        return new InferenceException(Status.FAILED_PRECONDITION, Origin.ARGUMENT, message);
    }

    /** Creates the error of a tensor that does not fit the memory of a Java program. */
    static InferenceException exhausted(String message) {
        return new InferenceException(Status.RESOURCE_EXHAUSTED, Origin.CLIENT, message);
    }

    /**
     * Returns the beginning of a text, in one line: text from a server must not be able to end a line of a log, or fill
     * it.
     */
    static String excerpt(String text) {
        boolean isWhole = text.length() <= EXCERPT;
        int end = isWhole ? text.length() : EXCERPT;
        if (!isWhole && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        StringBuilder line = new StringBuilder(end + 1);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (!Character.isISOControl(c)) {
                line.append(c);
            } else if (Character.isWhitespace(c)) {
                line.append(' ');
            } else {
                line.append(String.format("\\u%04x", (int) c));
            }
        }
        return isWhole ? line.toString() : line.append('…').toString();
    }

    /** Returns a list of names: the first 8, and the number of the others. */
    static String list(List<String> names) {
        if (names.isEmpty()) {
            return "none";
        }
        StringBuilder list = new StringBuilder();
        for (int i = 0; i < Math.min(LISTED, names.size()); i++) {
            list.append(i == 0 ? "'" : ", '").append(excerpt(names.get(i))).append('\'');
        }
        if (names.size() > LISTED) {
            list.append(" and ").append(names.size() - LISTED).append(" more");
        }
        return list.toString();
    }

    /** Returns a shape: the first 8 dimensions, and the number of the others. */
    static String dimensions(long[] shape) {
        StringBuilder list = new StringBuilder("[");
        for (int i = 0; i < Math.min(LISTED, shape.length); i++) {
            list.append(i == 0 ? "" : ", ").append(shape[i]);
        }
        list.append(']');
        if (shape.length > LISTED) {
            list.append(" and ").append(shape.length - LISTED).append(" more dimensions");
        }
        return list.toString();
    }

    /**
     * Parses a number as servers write it: decimal, or {@code nan}, {@code inf} and {@code infinity} in any case, which
     * {@link Double#parseDouble} does not read. {@code null} if it is not a number.
     */
    static Double parseDouble(String text) {
        String digits = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        double value;
        if (digits.equalsIgnoreCase("nan")) {
            value = Double.NaN;
        } else if (digits.equalsIgnoreCase("inf") || digits.equalsIgnoreCase("infinity")) {
            value = Double.POSITIVE_INFINITY;
        } else if (digits.matches("[0-9.][0-9.eE+-]*")) {
            // Java would also read a suffix, `1f`, hexadecimal digits, and blanks around the number.
            try {
                value = Double.parseDouble(digits);
            } catch (NumberFormatException ignored) {
                return null;
            }
        } else {
            return null;
        }
        return text.startsWith("-") ? -value : value;
    }
}
