package org.tritonclient.examples.flink;

import java.util.Arrays;

/**
 * One element to score.
 *
 * @param id any number
 * @param a 16 integers
 * @param b 16 integers
 */
public record Sample(long id, int[] a, int[] b) {
    /** Makes up a sample. */
    static Sample of(long id) {
        int[] a = new int[16];
        int[] b = new int[16];
        Arrays.setAll(a, i -> (int) id + i);
        Arrays.setAll(b, i -> -i);
        return new Sample(id, a, b);
    }
}
