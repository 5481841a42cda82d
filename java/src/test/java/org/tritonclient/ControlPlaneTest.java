package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Health, metadata, configuration, statistics and metrics of the real server. */
class ControlPlaneTest {
    private final TestServer server = TestServer.shared();

    private static CallOptions within(Duration timeout) {
        return CallOptions.builder().timeout(timeout).build();
    }

    @ParameterizedTest
    @EnumSource
    void healthIsThatOfServerAndModels(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            assertTrue(client.isServerLive());
            assertTrue(client.isServerReady());
            assertTrue(client.isModelReady("simple"));
            assertTrue(client.isModelReady("simple", "1"));
            assertFalse(client.isModelReady("simple", "9"));
            assertFalse(client.isModelReady("no_such"));
            assertFalse(client.isModelReady("no_such", "1", within(Duration.ofSeconds(20))));
        }
    }

    @Test
    void healthCheckIsAServiceOfGrpc() {
        try (InferenceServerClient http = server.client(Protocol.HTTP);
                InferenceServerClient grpc = server.client(Protocol.GRPC)) {
            for (String service : List.of("", "inference.GRPCInferenceService")) {
                assertEquals(ServingStatus.SERVING, grpc.healthCheck(service));
            }
            InferenceException error =
                    Expect.failure(Status.UNIMPLEMENTED, Origin.ARGUMENT, () -> http.healthCheck(""));
            Expect.message(error, "live or ready");
        }
    }

    @ParameterizedTest
    @EnumSource
    void waitEndsWhenReadyOrAtTheDeadline(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            client.waitReady("");
            client.waitReady("simple");
            client.waitReady("simple", "1", within(Duration.ofSeconds(20)));
            long start = System.nanoTime();
            InferenceException error = Expect.failure(
                    Status.DEADLINE_EXCEEDED,
                    Origin.CLIENT,
                    () -> client.waitReady("no_such", "", within(Duration.ofMillis(200))));
            Duration waited = Duration.ofNanos(System.nanoTime() - start);
            assertTrue(waited.compareTo(Duration.ofMillis(200)) >= 0, waited.toString());
            Expect.message(error, "wait for model 'no_such'");
            Expect.message(error, "not ready within 200ms");
            Expect.message(error, "the server reports that it is not");
        }
    }

    @Test
    void anUnreachableServerIsAnErrorAndNotFalse() throws Exception {
        String address;
        try (CannedServer server = CannedServer.silent()) {
            address = server.address();
        }
        for (Protocol protocol : Protocol.values()) {
            try (InferenceServerClient client = new InferenceServerClient(protocol.url(address))) {
                InferenceException error =
                        Expect.failure(Status.UNAVAILABLE, Origin.CONNECTION, () -> client.isServerLive());
                assertTrue(error.isRetryable() && !error.isInDoubt(), error.toString());
                Expect.failure(Status.UNAVAILABLE, Origin.CONNECTION, () -> client.isModelReady("m"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void metadataOfTheServerHasItsExtensions(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            ServerMetadata metadata = client.getServerMetadata();
            assertEquals("triton", metadata.getName());
            assertTrue(metadata.getVersion().matches("\\d+\\.\\d+\\.\\d+"), metadata.getVersion());
            assertTrue(metadata.getExtensions().contains("statistics"), metadata.toString());
            assertTrue(metadata.hasExtension("model_repository(unload_dependents)"));
            assertFalse(metadata.hasExtension("no_such"));
            assertTrue(metadata.getJson().startsWith("{") && metadata.getJson().contains("\"triton\""));
            assertThrows(UnsupportedOperationException.class, () -> metadata.getExtensions().clear());
        }
    }

    @ParameterizedTest
    @EnumSource
    void metadataOfAModelHasItsTensors(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            ModelMetadata metadata = client.getModelMetadata("simple");
            assertEquals("simple", metadata.getName());
            assertEquals("python", metadata.getPlatform());
            assertEquals(List.of("1"), metadata.getVersions());
            assertEquals(
                    List.of("INPUT0 INT32 [-1, 16]", "INPUT1 INT32 [-1, 16]"),
                    metadata.getInputs().stream().map(TensorMetadata::toString).collect(Collectors.toList()));
            TensorMetadata output = metadata.getOutputs().get(1);
            assertEquals("OUTPUT1", output.getName());
            assertEquals(DataType.INT32, output.getDataType());
            assertEquals("INT32", output.getDataTypeName());
            output.getShape()[0] = 5;
            assertArrayEquals(new long[] {-1, 16}, output.getShape());
            assertTrue(metadata.getJson().contains("\"INPUT0\""), metadata.getJson());
            assertEquals(metadata.getJson(), client.getModelMetadata("simple", "1").toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void configurationIsTypedAndWhole(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            ModelConfig simple = client.getModelConfig("simple", "1");
            assertEquals("simple", simple.getName());
            assertEquals("", simple.getPlatform());
            assertEquals("python", simple.getBackend());
            assertEquals(8, simple.getMaxBatchSize());
            assertFalse(simple.isDecoupled());
            assertNull(simple.getSequenceBatching());
            assertEquals("LATEST 1", simple.getVersionPolicy().toString());
            TensorConfig input = simple.getInputs().get(1);
            assertEquals("INPUT1 INT32 [16]", input.toString());
            assertEquals("INPUT1", input.getName());
            assertEquals(DataType.INT32, input.getDataType());
            assertArrayEquals(new long[] {16}, input.getDims());
            assertEquals(TensorConfig.Format.NONE, input.getFormat());
            assertFalse(input.isOptional());
            assertEquals("", input.getLabelFilename());
            assertTrue(simple.getJson().contains("\"TYPE_INT32\""), simple.getJson());

            ModelConfig ensemble = client.getModelConfig("simple_ensemble");
            assertEquals("ensemble", ensemble.getPlatform());
            assertEquals("", ensemble.getBackend());
            assertTrue(client.getModelConfig("repeat_int32").isDecoupled());
            assertEquals("DIRECT PT5S", client.getModelConfig("simple_sequence").getSequenceBatching().toString());
            SequenceBatching oldest = client.getModelConfig("simple_dyna_sequence").getSequenceBatching();
            assertEquals(SequenceBatching.Strategy.OLDEST, oldest.getStrategy());
            assertEquals(Duration.ofSeconds(10), oldest.getMaxIdle());
            assertEquals("labels.txt", client.getModelConfig("classes").getOutputs().get(0).getLabelFilename());
            List<TensorConfig> inputs = client.getModelConfig("all_types").getInputs();
            assertEquals(13, inputs.size());
            assertTrue(inputs.stream().allMatch(TensorConfig::isOptional));
        }
    }

    @ParameterizedTest
    @EnumSource
    void versionPoliciesAndFormatsAreThoseOfTheModel(Protocol protocol) {
        String inputs = "{\"name\":\"I\",\"data_type\":\"TYPE_INT32\",\"dims\":[3,2,2],\"format\":\"FORMAT_NCHW\"},"
                + "{\"name\":\"J\",\"data_type\":\"TYPE_INT32\",\"dims\":[2,2,3],\"format\":\"FORMAT_NHWC\"}";
        String input = "{\"name\":\"I\",\"data_type\":\"TYPE_INT32\",\"dims\":[1]}";
        Map<String, String> policies = Map.of(
                "{\"all\":{}}", "ALL",
                "{\"specific\":{\"versions\":[1,3]}}", "SPECIFIC [1, 3]",
                "{\"latest\":{\"num_versions\":2}}", "LATEST 2");
        try (InferenceServerClient client = server.client(protocol)) {
            policies.forEach((policy, expected) -> {
                String name = "java_" + protocol + "_" + expected.charAt(0);
                String config = OwnModel.config(name, ",\"max_batch_size\":2,\"version_policy\":" + policy);
                List<String> versions = Collections.nCopies(3, OwnModel.DOUBLE);
                try (OwnModel model =
                        OwnModel.load(client, name, OwnModel.files(config.replace(input, inputs), versions))) {
                    List<Boolean> served = List.of("1", "2", "3").stream()
                            .map(version -> client.isModelReady(model.name, version))
                            .collect(Collectors.toList());
                    assertEquals(List.of(!expected.startsWith("L"), !expected.startsWith("S"), true), served, expected);
                    ModelConfig read = client.getModelConfig(model.name);
                    VersionPolicy typed = read.getVersionPolicy();
                    assertEquals(expected, typed.toString());
                    assertTrue(expected.startsWith(typed.getKind().name()), expected);
                    assertEquals(expected.startsWith("L") ? 2 : 0, typed.getLatest());
                    assertEquals(expected.startsWith("S") ? 2 : 0, typed.getVersions().length);
                    assertEquals(
                            List.of(TensorConfig.Format.NCHW, TensorConfig.Format.NHWC),
                            read.getInputs().stream().map(TensorConfig::getFormat).collect(Collectors.toList()));
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUnknownModelOrVersionIsNotFound(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            for (String version : List.of("", "9")) {
                String model = version.isEmpty() ? "no_such" : "simple";
                for (InferenceException error : List.of(
                        Expect.failure(Status.NOT_FOUND, Origin.SERVER, () -> client.getModelMetadata(model, version)),
                        Expect.failure(Status.NOT_FOUND, Origin.SERVER, () -> client.getModelConfig(model, version)))) {
                    Expect.message(error, "'" + model + "'");
                    assertEquals(protocol == Protocol.HTTP ? 404 : 0, error.getHttpStatus());
                    assertFalse(error.isRetryable() || error.isInDoubt());
                    assertFalse(error.getHeaders().toString().isEmpty());
                }
                // The status of 2.51, which is not NOT_FOUND.
                Expect.failure(
                        Status.INVALID_ARGUMENT, Origin.SERVER, () -> client.getModelStatistics(model, version));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void invalidArgumentsAreRefused(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            for (String name : List.of("", "a\0")) {
                Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.isModelReady(name));
                Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.getModelMetadata(name));
                Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.getModelConfig(name));
            }
            Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.getModelStatistics("", "1"));
            Expect.failure(
                    Status.INVALID_ARGUMENT,
                    Origin.ARGUMENT,
                    () -> client.waitReady("", "1", within(Duration.ofHours(1))));
            NullPointerException missing =
                    assertThrows(NullPointerException.class, () -> client.getModelMetadata(null));
            assertEquals("modelName", missing.getMessage());
            missing = assertThrows(NullPointerException.class, () -> client.isServerLive(null));
            assertEquals("options", missing.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyInferenceOfAModelIsCounted(Protocol protocol) {
        String batching = ",\"max_batch_size\":8,\"version_policy\":{\"all\":{}}";
        try (InferenceServerClient client = server.client(protocol);
                OwnModel model = OwnModel.load(client, "java_statistics_" + protocol, batching, 2)) {
            ModelStatistics fresh = client.getModelStatistics(model.name, "2").getEntries().get(0);
            assertEquals(0, fresh.getInferenceCount());
            assertEquals(0, fresh.getLastInferenceMillis());
            assertEquals(List.of(), fresh.getBatches());
            for (int[] values : List.of(new int[] {1}, new int[] {2}, new int[] {3, 4, 5})) {
                infer(client, model.name, values);
            }
            Expect.message(
                    assertThrows(InferenceException.class, () -> infer(client, model.name, -1)), "made to fail");
            Expect.eventually("four requests are counted", () -> {
                ModelStatistics counted = client.getModelStatistics(model.name, "2").getEntries().get(0);
                Durations durations = counted.getDurations();
                return durations.getSuccess().getCount() == 3
                        && durations.getFail().getCount() == 1
                        && counted.getExecutionCount() == 4;
            });
            ModelStatisticsList list = client.getModelStatistics(model.name, "2");
            assertEquals(1, list.getEntries().size());
            expectCounted(model.name, list.getEntries().get(0));
            assertTrue(list.getJson().contains(model.name), list.getJson());
            assertEquals(2, client.getModelStatistics(model.name).getEntries().size());
            List<ModelStatistics> all = client.getModelStatistics("").getEntries();
            assertTrue(all.stream().anyMatch(entry -> entry.getName().equals("simple")));

            ClientStatistics own = client.getInferStatistics();
            assertEquals(3, own.getCompleted());
            assertEquals(1, own.getFailed());
            assertTrue(own.getTotal().compareTo(own.getMax()) >= 0 && own.getMax().compareTo(own.getP50()) >= 0);
            assertTrue(own.getP99().compareTo(own.getP90()) >= 0 && own.getSend().compareTo(own.getTotal()) < 0);
            assertTrue(own.getReceive().compareTo(own.getTotal()) < 0 && !own.getP50().isZero());
            ConnectionCounts connections = client.getConnectionCounts();
            assertEquals(1, connections.getOpened());
            assertEquals("1 open, 1 idle, 0 busy, 1 opened, 1 connects, 0 reconnects, 0 TLS handshakes, 0 resumed",
                    connections.toString());
        }
    }

    private static void infer(InferenceServerClient client, String model, int... values) {
        InferInput input = new InferInput("I", new long[] {values.length, 1}, DataType.INT32);
        input.setData(values);
        client.infer(model, List.of(input), List.of()).close();
    }

    /** Five inferences in three requests, and one that failed, each executed separately. */
    private static void expectCounted(String name, ModelStatistics counted) {
        assertEquals(name, counted.getName());
        assertEquals("2", counted.getVersion());
        assertEquals(5, counted.getInferenceCount());
        Durations durations = counted.getDurations();
        Map<DurationKind, Integer> counts =
                Map.of(DurationKind.FAIL, 1, DurationKind.CACHE_HIT, 0, DurationKind.CACHE_MISS, 0,
                        DurationKind.EMPTY_RESPONSE, 0, DurationKind.CANCEL, 0);
        for (DurationKind kind : DurationKind.values()) {
            int count = counts.getOrDefault(kind, 3);
            assertEquals(count, durations.get(kind).getCount(), kind.toString());
            assertEquals(count == 0, durations.get(kind).getTime().isZero(), kind.toString());
        }
        Map<Long, Durations> batches = counted.getBatches().stream()
                .collect(Collectors.toMap(BatchStatistics::getBatchSize, BatchStatistics::getDurations));
        assertEquals(2, batches.size());
        assertEquals(3, batches.get(1L).getComputeInfer().getCount());
        assertEquals(1, batches.get(3L).getComputeInfer().getCount());
        long age = System.currentTimeMillis() - counted.getLastInferenceMillis();
        assertTrue(Math.abs(age) < 60_000, age + " ms");
    }

    @Test
    void responseAndMemoryStatisticsOfNewerServersAreRead() throws Exception {
        String body = "{\"model_stats\":[{\"name\":\"m\",\"version\":\"1\",\"response_stats\":{"
                + "\"10\":{\"empty_response\":{\"count\":1,\"ns\":2}},\"9\":{\"cancel\":{\"count\":3,\"ns\":4}}},"
                + "\"memory_usage\":[{\"type\":\"GPU\",\"id\":1,\"byte_size\":1048576}]}]}";
        try (CannedServer newer = CannedServer.respond("application/json", body);
                InferenceServerClient client = new InferenceServerClient("http://" + newer.address())) {
            ModelStatistics model = client.getModelStatistics("m").getEntries().get(0);
            assertEquals("GPU 1: 1048576 bytes", model.getMemory().get(0).toString());
            assertEquals(
                    List.of("9", "10"),
                    model.getResponses().stream().map(ResponseStatistics::getKey).collect(Collectors.toList()));
            assertEquals("3 in PT0.000000004S", model.getResponses().get(0).getDurations().getCancel().toString());
            assertEquals(1, model.getResponses().get(1).getDurations().getEmptyResponse().getCount());
        }
    }

    @ParameterizedTest
    @EnumSource
    void metricsAreThoseOfTheServerOverBothProtocols(Protocol protocol) {
        try (InferenceServerClient client = server.client(protocol)) {
            Metrics metrics = client.getMetrics();
            Map<String, String> simple = Map.of("model", "simple", "version", "1");
            OptionalDouble count = metrics.getValue("nv_inference_count", simple);
            assertTrue(count.isPresent() && count.getAsDouble() >= 0, metrics.getText());
            assertEquals(OptionalDouble.empty(), metrics.getValue("nv_inference_count", Map.of("model", "no_such")));
            MetricSample sample = metrics.getSamples().stream()
                    .filter(one -> one.getName().equals("nv_inference_count") && "simple".equals(one.getLabel("model")))
                    .findFirst()
                    .orElseThrow();
            assertEquals(count.getAsDouble(), sample.getValue());
            assertEquals("1", sample.getLabels().get("version"));
            assertNull(sample.getLabel("no_such"));
            assertTrue(metrics.getText().contains("# HELP nv_inference_count"), metrics.getText());
        }
    }

    @Test
    void metricsHaveValuesThatAreNotNumbers() throws Exception {
        String text = "a{x=\"1\"} NaN\nb +Inf\nc 2.5\n";
        try (CannedServer server = CannedServer.respond("text/plain", text);
                InferenceServerClient client = new InferenceServerClient("http://" + server.address(),
                        ClientOptions.builder().metricsUrl("http://" + server.address() + "/metrics").build())) {
            Metrics metrics = client.getMetrics();
            assertTrue(Double.isNaN(metrics.getValue("a", Map.of()).getAsDouble()));
            assertEquals(Double.POSITIVE_INFINITY, metrics.getValue("b", Map.of()).getAsDouble());
            assertEquals("c{} 2.5", metrics.getSamples().get(2).toString());
        }
    }

    @Test
    void restrictedEndpointsOpenToTheirKey() throws IOException {
        String restricted = "metadata,model-repository,statistics:secret-key=open";
        String arguments = "--http-restricted-api=" + restricted + " --grpc-restricted-protocol=" + restricted;
        CallOptions key = CallOptions.builder().restrictedKey("secret-key", "open").build();
        try (TestServer own = TestServer.start("simple", arguments)) {
            for (Protocol protocol : Protocol.values()) {
                ClientOptions always = own.options().callOptions(key).build();
                try (InferenceServerClient client = own.client(protocol);
                        InferenceServerClient with = new InferenceServerClient(own.url(protocol), always)) {
                    boolean isHttp = protocol == Protocol.HTTP;
                    InferenceException error = Expect.failure(
                            isHttp ? Status.PERMISSION_DENIED : Status.UNAVAILABLE,
                            Origin.SERVER,
                            () -> client.getServerMetadata());
                    assertEquals(isHttp ? 403 : 0, error.getHttpStatus());
                    Expect.message(error, "expecting header");
                    assertEquals("triton", client.getServerMetadata(key).getName());
                    assertEquals("triton", with.getServerMetadata().getName());
                    assertEquals(1, with.getModelStatistics("simple").getEntries().size());
                    // These are not restricted.
                    assertTrue(client.isModelReady("simple"));
                    assertFalse(client.getMetrics().getSamples().isEmpty());
                }
            }
        }
    }
}
