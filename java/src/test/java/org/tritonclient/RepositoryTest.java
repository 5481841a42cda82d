package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The model repository of the real server. */
class RepositoryTest {
    private final TestServer server = TestServer.shared();

    private static Optional<RepositoryModel> entry(InferenceServerClient client, boolean readyOnly, String name) {
        RepositoryOptions options = RepositoryOptions.builder().readyOnly(readyOnly).build();
        return client.getRepositoryIndex(options).getModels().stream()
                .filter(model -> model.getName().equals(name))
                .findFirst();
    }

    private static int[] infer(InferenceServerClient client, String model, int value) {
        InferInput input = new InferInput("I", new long[] {1}, DataType.INT32);
        input.setData(new int[] {value});
        try (InferResult result = client.infer(model, List.of(input), List.of())) {
            return result.getOutputAsInt("O");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anIndexListsTheModels(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            RepositoryIndex index = client.getRepositoryIndex();
            assertTrue(index.getModels().size() >= 30, index.toString());
            RepositoryModel simple = entry(client, true, "simple").orElseThrow();
            assertEquals("simple 1 READY", simple.toString());
            assertTrue(simple.isReady());
            assertEquals("1", simple.getVersion());
            assertEquals("READY", simple.getState());
            assertEquals("", simple.getReason());
            assertTrue(index.getJson().startsWith("["), index.getJson());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aModelIsLoadedWithFilesAndUnloaded(Protocol protocol) {
        String name = "java_files_" + protocol;
        try (InferenceServerClient client = server.client(protocol)) {
            client.loadModel(name, OwnModel.files(OwnModel.config(name, ""), List.of(OwnModel.DOUBLE)).build());
            assertTrue(client.isModelReady(name, "1"));
            assertArrayEquals(new int[] {42}, infer(client, name, 21));
            // Version 2.51 uses new files of a loaded model only with another configuration.
            String other = OwnModel.config(name, ",\"parameters\":{\"factor\":{\"string_value\":\"5\"}}");
            String code = OwnModel.DOUBLE.replace("i * 2", "i * 5");
            client.loadModel(name, OwnModel.files(other, List.of(OwnModel.DOUBLE, code)).build());
            assertArrayEquals(new int[] {105}, infer(client, name, 21));
            client.unloadModel(name);
            Expect.eventually("the model is unloaded", () -> !client.isModelReady(name));
            Expect.failure(Status.INTERNAL, Origin.SERVER, () -> client.loadModel(name));
            // A model that is not loaded is not an error.
            client.unloadModel(name);
        }
    }

    @ParameterizedTest
    @EnumSource
    void filesAreLoadedUnchanged(Protocol protocol) {
        String name = "java_bytes_" + protocol;
        byte[] all = new byte[3 << 20];
        int sum = 0;
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) (i * 31 + (i >> 8));
            sum += (all[i] & 0xFF) * (i % 7 + 1);
        }
        String code = OwnModel.DOUBLE.replace(
                "        return pb.Inf",
                String.join(
                        "\n",
                        "        import numpy, os",
                        "        path = os.path.join(os.path.dirname(__file__), 'weights')",
                        "        data = numpy.fromfile(path, numpy.uint8).astype(numpy.int64)",
                        "        sum = (data * (numpy.arange(data.size) % 7 + 1)).sum()",
                        "        i = (sum // 2 + i * 0).astype(numpy.int32)",
                        "        return pb.Inf"));
        RepositoryOptions load = OwnModel.files(OwnModel.config(name, ""), List.of(code))
                .file("1/weights", new byte[1]) // replaced by the next one
                .file("1/weights", all)
                .build();
        all[5]++;
        try (InferenceServerClient client = server.client(protocol)) {
            client.loadModel(name, load);
            try {
                assertArrayEquals(new int[] {sum / 2 * 2}, infer(client, name, 0));
            } finally {
                client.unloadModel(name);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aModelIsLoadedWithAnotherConfiguration(Protocol protocol) {
        String name = "java_config_" + protocol;
        try (InferenceServerClient client = server.client(protocol);
                OwnModel model = OwnModel.load(client, name, ",\"max_batch_size\":3", 1)) {
            assertEquals(3, client.getModelConfig(model.name).getMaxBatchSize());
            String json = client.getModelConfig(name).getJson();
            String other = json.replace("\"max_batch_size\":3", "\"max_batch_size\":5");
            assertFalse(other.equals(json), json);
            client.loadModel(name, OwnModel.files(other, List.of(OwnModel.DOUBLE)).build());
            assertEquals(5, client.getModelConfig(name).getMaxBatchSize());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFailedLoadReportsTheReason(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            String name = "java_raises_" + protocol;
            RepositoryOptions raises =
                    OwnModel.files(OwnModel.config(name, ""), List.of("raise ValueError('on purpose')")).build();
            InferenceException error =
                    Expect.failure(Status.INVALID_ARGUMENT, Origin.SERVER, () -> client.loadModel(name, raises));
            Expect.message(error, "ValueError: on purpose");
            Expect.message(error, "load of model '" + name + "'");
            error = Expect.failure(Status.INTERNAL, Origin.SERVER, () -> client.loadModel("java_absent"));
            Expect.message(error, "failed to poll from model repository");
            RepositoryOptions elsewhere = RepositoryOptions.builder().repositoryName("elsewhere").build();
            Expect.failure(Status.UNIMPLEMENTED, Origin.SERVER, () -> client.loadModel("simple", elsewhere));
            Expect.failure(Status.UNIMPLEMENTED, Origin.SERVER, () -> client.unloadModel("simple", elsewhere));
        }
    }

    @Test
    void optionsThatDoNotApplyAreRefusedWithoutARequest() throws Exception {
        RepositoryOptions files = RepositoryOptions.builder().file("1/model.py", new byte[1]).build();
        RepositoryOptions ready = RepositoryOptions.builder().readyOnly(true).build();
        RepositoryOptions dependents = RepositoryOptions.builder().unloadDependents(true).build();
        RepositoryOptions config = RepositoryOptions.builder().config("{}").build();
        try (CannedServer server = CannedServer.silent()) {
            for (Protocol protocol : Protocol.values()) {
                try (InferenceServerClient client = new InferenceServerClient(protocol.url(server.address()))) {
                    for (RepositoryOptions options : List.of(files, ready, dependents)) {
                        refused(() -> client.loadModel("m", options));
                    }
                    for (RepositoryOptions options : List.of(files, ready, config)) {
                        refused(() -> client.unloadModel("m", options));
                    }
                    for (RepositoryOptions options : List.of(files, dependents, config)) {
                        refused(() -> client.getRepositoryIndex(options));
                    }
                    for (String name : List.of("", "a/b", "..", "a\0")) {
                        refused(() -> client.loadModel(name));
                        refused(() -> client.unloadModel(name));
                    }
                    for (String json : List.of("", "{", "[]", "{} x")) {
                        refused(() -> client.loadModel("m", RepositoryOptions.builder().config(json).build()));
                    }
                    for (String path : List.of("", "/1/m", "../m", "1/m\0")) {
                        RepositoryOptions options =
                                RepositoryOptions.builder().config("{}").file(path, new byte[0]).build();
                        refused(() -> client.loadModel("m", options));
                    }
                    assertEquals(0, client.getConnectionCounts().getOpened());
                }
            }
        }
        NullPointerException missing = assertThrows(
                NullPointerException.class, () -> RepositoryOptions.builder().file("1/m", null));
        assertEquals("content", missing.getMessage());
    }

    private static void refused(Executable call) {
        Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, call);
    }

    @Test
    void anEnsembleIsUnloadedAloneOrWithItsModels() throws Exception {
        try (TestServer own = TestServer.start("params", "")) {
            for (Protocol protocol : Protocol.values()) {
                for (boolean withDependents : new boolean[] {false, true}) {
                    try (InferenceServerClient client = own.client(protocol)) {
                        client.loadModel("simple_ensemble");
                        assertTrue(client.isModelReady("simple"));
                        RepositoryOptions unload =
                                RepositoryOptions.builder().unloadDependents(withDependents).build();
                        client.unloadModel("simple_ensemble", unload);
                        Expect.eventually("the ensemble is unloaded", () -> isUnloaded(client, "simple_ensemble"));
                        if (withDependents) {
                            Expect.eventually("its model is unloaded", () -> isUnloaded(client, "simple"));
                        } else {
                            assertTrue(client.isModelReady("simple"));
                        }
                    }
                }
            }
        }
    }

    private static boolean isUnloaded(InferenceServerClient client, String name) {
        return entry(client, false, name).orElseThrow().getReason().equals("unloaded");
    }

    @ParameterizedTest
    @EnumSource
    void aLoadHasATimeoutOfItsOwn(Protocol protocol) {
        Duration brief = Duration.ofMillis(100);
        Duration patient = Duration.ofSeconds(60);
        String code = "import time\ntime.sleep(1)\n" + OwnModel.DOUBLE;
        for (boolean isPatient : new boolean[] {false, true}) {
            String name = "java_slow_" + protocol + "_" + isPatient;
            RepositoryOptions load = OwnModel.files(OwnModel.config(name, ""), List.of(code)).build();
            ClientOptions options = ClientOptions.builder()
                    .loadTimeout(isPatient ? patient : brief)
                    .timeout(isPatient ? brief : patient)
                    .build();
            try (InferenceServerClient client = new InferenceServerClient(server.url(protocol), options)) {
                if (!isPatient) {
                    InferenceException error = Expect.failure(
                            Status.DEADLINE_EXCEEDED, Origin.CLIENT, () -> client.loadModel(name, load));
                    assertTrue(error.isInDoubt());
                    Expect.message(error, "100ms");
                }
                // The load continues on the server after the deadline.
                client.loadModel(name, load, CallOptions.builder().timeout(patient).build());
                client.unloadModel(name, RepositoryOptions.defaults(), CallOptions.builder().timeout(patient).build());
            }
        }
    }
}
