package org.tritonclient;

import java.nio.charset.StandardCharsets;

/** One class of an output that was requested as classes: {@link InferRequestedOutput}. */
public final class Classification {
    private final double score;
    private final long index;
    private final String label;

    private Classification(double score, long index, String label) {
        this.score = score;
        this.index = index;
        this.label = label;
    }

    /**
     * Parses {@code value:index} or {@code value:index:label}; a label may contain colons.
     *
     * @throws InferenceException INTERNAL if the element is malformed
     */
    static Classification parse(byte[] element) {
        String text = new String(element, StandardCharsets.UTF_8);
        String[] parts = text.split(":", 3);
        Double score = Messages.parseDouble(parts[0].strip());
        if (score != null && parts.length > 1) {
            try {
                long index = Long.parseUnsignedLong(parts[1].strip());
                return new Classification(score, index, parts.length > 2 ? parts[2] : "");
            } catch (NumberFormatException ignored) {
                // Reported below.
            }
        }
        throw Messages.malformedResponse("invalid class '" + Messages.excerpt(text)
                + "': expected value:index or value:index:label");
    }

    /** Returns the score, in the unit of the output. */
    public double getScore() {
        return score;
    }

    /** Returns the index of the class in the output. */
    public long getIndex() {
        return index;
    }

    /**
     * Returns the label; empty if the model has none. Bytes that are not UTF-8 are replaced by U+FFFD; {@link
     * InferOutput#asBytes} returns them unchanged.
     */
    public String getLabel() {
        return label;
    }

    @Override
    public String toString() {
        return label.isEmpty() ? score + ":" + index : score + ":" + index + ":" + label;
    }
}
