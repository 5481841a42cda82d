/** A client for NVIDIA Triton Inference Server. {@link org.tritonclient.InferenceServerClient} is where to start. */
module org.tritonclient {
    exports org.tritonclient;
}
