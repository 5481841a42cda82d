package org.tritonclient.examples.flink;

/**
 * The score of a {@link Sample}.
 *
 * @param id of the sample
 * @param sum 16 integers
 */
public record Scored(long id, int[] sum) {}
