package org.tritonclient.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Flow;

/**
 * {@link HttpClient} with bodies built by hand, as a careful program has them: one client with HTTP/1.1, the JSON and
 * the request built once, the body in one reused array or in direct buffers. The JSON of the response is not parsed:
 * its size is in the header, and the program knows the outputs' sizes and order.
 */
final class HttpPeer implements Client {
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();
    private final Settings settings;

    HttpPeer(Settings settings) {
        this.settings = settings;
    }

    @Override
    public Caller newCaller() {
        return new HttpCaller();
    }

    @Override
    public void close() {
        // It has no close() before JDK 21; the fork ends with its threads, which are daemons.
    }

    private final class HttpCaller implements Caller {
        private final float[] values = settings.heapInput();
        private final FloatBuffer[] tensors = new FloatBuffer[settings.count];
        private final HttpRequest request;

        HttpCaller() {
            byte[] json = json().getBytes(StandardCharsets.UTF_8);
            HttpRequest.BodyPublisher body;
            if (settings.payload == Settings.Payload.HEAP) {
                byte[] bytes = Arrays.copyOf(json, json.length + settings.count * settings.byteSize);
                ByteBuffer all = ByteBuffer.wrap(bytes);
                for (int i = 0; i < tensors.length; i++) {
                    all.position(json.length + i * settings.byteSize);
                    tensors[i] = all.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
                }
                body = HttpRequest.BodyPublishers.ofByteArray(bytes);
            } else {
                ByteBuffer[] parts = new ByteBuffer[1 + settings.count];
                parts[0] = ByteBuffer.wrap(json);
                for (int i = 0; i < settings.count; i++) {
                    parts[1 + i] = settings.directInput();
                }
                body = HttpRequest.BodyPublishers.fromPublisher(
                        new Parts(parts), json.length + (long) settings.count * settings.byteSize);
            }
            request = HttpRequest.newBuilder(
                            URI.create("http://" + settings.address + "/v2/models/" + settings.model() + "/infer"))
                    .header("Content-Type", "application/octet-stream")
                    .header("Inference-Header-Content-Length", Integer.toString(json.length))
                    .timeout(Duration.ofSeconds(60))
                    .POST(body)
                    .build();
        }

        private String json() {
            StringBuilder json = new StringBuilder("{\"inputs\":[");
            for (int i = 0; i < settings.count; i++) {
                json.append(i == 0 ? "" : ",").append("{\"name\":\"INPUT").append(i)
                        .append("\",\"datatype\":\"FP32\",\"shape\":")
                        .append(Arrays.toString(settings.shape()).replace(" ", ""))
                        .append(",\"parameters\":{\"binary_data_size\":").append(settings.byteSize).append("}}");
            }
            return json.append("],\"parameters\":{\"binary_data_output\":true}}").toString();
        }

        private HttpRequest request() {
            if (settings.payload == Settings.Payload.HEAP) {
                for (FloatBuffer tensor : tensors) {
                    tensor.clear();
                    tensor.put(values);
                }
            }
            return request;
        }

        private Object read(HttpResponse<byte[]> response) {
            if (response.statusCode() != 200) {
                throw new IllegalStateException("HTTP status " + response.statusCode());
            }
            int at = Integer.parseInt(response.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
            byte[] body = response.body();
            settings.check((body.length - at) / settings.count);
            ByteBuffer all = ByteBuffer.wrap(body);
            Object[] outputs = new Object[settings.count];
            for (int i = 0; i < settings.count; i++) {
                all.position(at + i * settings.byteSize);
                FloatBuffer view = all.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
                if (settings.payload == Settings.Payload.VIEW) {
                    outputs[i] = view;
                } else {
                    float[] output = new float[settings.byteSize / 4];
                    view.get(output);
                    outputs[i] = output;
                }
            }
            return outputs;
        }

        @Override
        public Object call() throws Exception {
            while (true) {
                try {
                    return read(client.send(request(), HttpResponse.BodyHandlers.ofByteArray()));
                } catch (IOException error) {
                    countRepeated(error);
                }
            }
        }

        @Override
        public void submit(Done done) {
            client.sendAsync(request(), HttpResponse.BodyHandlers.ofByteArray())
                    .thenApply(this::read)
                    .whenComplete((outputs, error) -> {
                        if (error == null) {
                            done.done(null);
                            return;
                        }
                        try {
                            countRepeated(error.getCause());
                            submit(done);
                        } catch (Throwable other) {
                            done.done(other);
                        }
                    });
        }

        /**
         * With several calls in flight, about one in 100,000 fails although the server responds to all: HttpClient
         * takes the response for data on an idle connection, and closes it (JDK 17 and 25). Such calls are repeated.
         */
        private <E extends Throwable> void countRepeated(E error) throws E {
            if (!(error instanceof IOException)) {
                throw error;
            }
            Latencies.REPEATED.increment();
        }
    }

    /** Publishes buffers as they are; {@code ofByteArray} copies into buffers of 16 KiB, and takes arrays only. */
    private static final class Parts implements Flow.Publisher<ByteBuffer> {
        private final ByteBuffer[] parts;

        Parts(ByteBuffer[] parts) {
            this.parts = parts;
        }

        @Override
        public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
            subscriber.onSubscribe(new Flow.Subscription() {
                private int next;
                private boolean isPublishing;
                private long demand;

                @Override
                public void request(long count) {
                    demand += count;
                    if (isPublishing) {
                        return; // From onNext, which the loop below called.
                    }
                    isPublishing = true;
                    for (; demand > 0 && next < parts.length; demand--) {
                        subscriber.onNext(parts[next++].duplicate());
                    }
                    isPublishing = false;
                    if (next == parts.length) {
                        next++;
                        subscriber.onComplete();
                    }
                }

                @Override
                public void cancel() {
                    next = parts.length + 1;
                }
            });
        }
    }
}
