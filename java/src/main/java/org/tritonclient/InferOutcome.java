package org.tritonclient;

/** How one of several inferences ended: with a result, which is to be closed, or with an error. */
public final class InferOutcome {
    private final InferResult result;
    private final InferenceException error;

    InferOutcome(InferResult result, InferenceException error) {
        this.result = result;
        this.error = error;
    }

    /** Returns whether there is a result. */
    public boolean isSuccess() {
        return error == null;
    }

    /**
     * Returns the result.
     *
     * @throws InferenceException the error, if there is no result
     */
    public InferResult getResult() {
        if (error != null) {
            throw error;
        }
        return result;
    }

    /** Returns the error; {@code null} if there is a result. */
    public InferenceException getError() {
        return error;
    }
}
