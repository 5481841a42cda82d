package org.tritonclient;

/** An outcome of requests, or one of their stages, whose duration a server measures: {@link Durations#get}. */
public enum DurationKind {
    /** Requests, or responses, that succeeded, from beginning to end. */
    SUCCESS,
    /** Requests, or responses, that failed, from beginning to end. */
    FAIL,
    /** Waiting in the queue. */
    QUEUE,
    /** Preparing inputs. */
    COMPUTE_INPUT,
    /** Running the model. */
    COMPUTE_INFER,
    /** Preparing outputs. */
    COMPUTE_OUTPUT,
    /** Looking up and extracting responses that were in the response cache. */
    CACHE_HIT,
    /** Looking up and inserting responses that were not in the response cache. */
    CACHE_MISS,
    /** Responses without outputs. In {@link ResponseStatistics} only. */
    EMPTY_RESPONSE,
    /** Responses that were cancelled. In {@link ResponseStatistics} only. */
    CANCEL
}
