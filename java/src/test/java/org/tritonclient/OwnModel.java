package org.tritonclient;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/** A model that exists only in the request that loads it, so that tests do not affect each other. Unloaded by close. */
final class OwnModel implements AutoCloseable {
    /** O is twice I; a negative I fails. */
    static final String DOUBLE = String.join(
            "\n",
            "import triton_python_backend_utils as pb",
            "class TritonPythonModel:",
            "    def execute(self, requests):",
            "        return [self.respond(pb.get_input_tensor_by_name(r, 'I').as_numpy()) for r in requests]",
            "    def respond(self, i):",
            "        if i.min() < 0:",
            "            raise ValueError('made to fail')",
            "        return pb.InferenceResponse([pb.Tensor('O', i * 2)])",
            "");

    final String name;
    private final InferenceServerClient client;

    private OwnModel(InferenceServerClient client, String name) {
        this.client = client;
        this.name = name;
    }

    /** Returns the configuration of such a model, with further members: {@code ,"max_batch_size":8}. */
    static String config(String name, String more) {
        return "{\"name\":\"" + name + "\",\"backend\":\"python\","
                + "\"input\":[{\"name\":\"I\",\"data_type\":\"TYPE_INT32\",\"dims\":[1]}],"
                + "\"output\":[{\"name\":\"O\",\"data_type\":\"TYPE_INT32\",\"dims\":[1]}]" + more + "}";
    }

    /** Returns options that load a model with its configuration and the code of each version, from 1 on. */
    static RepositoryOptions.Builder files(String config, List<String> versions) {
        RepositoryOptions.Builder options = RepositoryOptions.builder().config(config);
        for (int i = 0; i < versions.size(); i++) {
            options.file((i + 1) + "/model.py", versions.get(i).getBytes(StandardCharsets.UTF_8));
        }
        return options;
    }

    /** Loads a model with some versions. Its name must be unique among the tests. */
    static OwnModel load(InferenceServerClient client, String name, String more, int versions) {
        return load(client, name, files(config(name, more), Collections.nCopies(versions, DOUBLE)));
    }

    /** Loads a model. Its name must be unique among the tests. */
    static OwnModel load(InferenceServerClient client, String name, RepositoryOptions.Builder options) {
        client.loadModel(name, options.build());
        return new OwnModel(client, name);
    }

    @Override
    public void close() {
        client.unloadModel(name);
    }
}
