/**
 * A client for NVIDIA Triton Inference Server, over HTTP and gRPC.
 *
 * <pre>{@code
 * InferInput input0 = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32).setData(a);
 * InferInput input1 = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32).setData(b);
 *
 * try (InferenceServerClient client = new InferenceServerClient(url);
 *         InferResult result = client.infer("simple", List.of(input0, input1), List.of())) {
 *     int[] sum = result.getOutputAsInt("OUTPUT0");
 *     for (int i = 0; i < sum.length; i++) {
 *         System.out.println(a[i] + " + " + b[i] + " = " + sum[i]);
 *     }
 * } catch (InferenceException e) {
 *     System.err.println(e.getMessage());
 *     System.exit(1);
 * }
 * }</pre>
 *
 * <p>The URL selects the protocol: {@code grpc://localhost:8001}, {@code http://localhost:8000}, or {@code localhost:8000},
 * which is HTTP. A client is thread-safe; one for each server is enough. Results are closed: large ones have memory outside
 * the Java heap.
 *
 * <table>
 * <caption>The classes by subject</caption>
 * <tr><th scope="row">client<td>{@link InferenceServerClient}; {@link ClientOptions}, {@link CallOptions}, {@link
 *     CancelToken}, {@link Compression}, {@link LoadReportFormat}; {@link ClientStatistics}, {@link ConnectionCounts}
 * <tr><th scope="row">TLS and credentials<td>{@link TlsVersion}, {@link HeaderCallback}, {@link CallHeaders}
 * <tr><th scope="row">requests<td>{@link InferRequest}, {@link InferInput}, {@link InferRequestedOutput}, {@link DataType}
 * <tr><th scope="row">results<td>{@link InferResult}, {@link InferOutput}, {@link Classification}, {@link InferOutcome};
 *     {@link Parameters}, {@link Headers}, {@link Finality}, {@link CallTimes}, {@link LoadReport}
 * <tr><th scope="row">streams<td>{@link InferStream}, {@link StreamEvent}, {@link StreamHandler}, {@link StreamOptions}
 * <tr><th scope="row">errors<td>{@link InferenceException}, {@link Status}, {@link Origin}; {@link NativeLibraryException}
 * <tr><th scope="row">health and metadata<td>{@link ServingStatus}, {@link ServerMetadata}, {@link ModelMetadata}, {@link
 *     TensorMetadata}
 * <tr><th scope="row">configuration<td>{@link ModelConfig}, {@link TensorConfig}, {@link VersionPolicy}, {@link
 *     SequenceBatching}
 * <tr><th scope="row">repository<td>{@link RepositoryOptions}, {@link RepositoryIndex}, {@link RepositoryModel}
 * <tr><th scope="row">statistics<td>{@link ModelStatisticsList}, {@link ModelStatistics}, {@link Durations}, {@link
 *     StatisticDuration}, {@link DurationKind}, {@link BatchStatistics}, {@link ResponseStatistics}, {@link MemoryUsage};
 *     {@link Metrics}, {@link MetricSample}
 * <tr><th scope="row">settings<td>{@link Settings}, {@link SettingValue}, {@link SettingsUpdate}
 * <tr><th scope="row">text models<td>{@link Generated}, {@link GenerateHandler}
 * </table>
 */
package org.tritonclient;
