package org.tritonclient.benchmarks;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tritonclient.ClientOptions;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceServerClient;

/** This library: one client; a request that is reused, whose data is set for each call. */
final class TritonClient implements Client {
    private final Settings settings;
    private final InferenceServerClient client;

    TritonClient(Settings settings, boolean isDirectExecutor) {
        this.settings = settings;
        ClientOptions.Builder options = ClientOptions.builder();
        if (isDirectExecutor) {
            options.executor(Runnable::run);
        }
        if (!settings.isGrpc) {
            options.maxAsyncConnections(8);
        }
        client = new InferenceServerClient((settings.isGrpc ? "grpc://" : "http://") + settings.address, options.build());
    }

    @Override
    public Caller newCaller() {
        return new TritonCaller();
    }

    @Override
    public void close() {
        client.close();
    }

    private final class TritonCaller implements Caller {
        private final InferRequest request = new InferRequest(settings.model());
        private final List<InferInput> inputs = new ArrayList<>();
        private final float[] values = settings.heapInput();
        private final ByteBuffer[] buffers = new ByteBuffer[settings.count];
        private final String[] outputs = new String[settings.count];

        TritonCaller() {
            for (int i = 0; i < settings.count; i++) {
                buffers[i] = settings.directInput();
                outputs[i] = "OUTPUT" + i;
                InferInput input = new InferInput("INPUT" + i, settings.shape(), DataType.FP32);
                inputs.add(input);
                request.addInput(input);
            }
        }

        private InferRequest request() {
            for (int i = 0; i < settings.count; i++) {
                if (settings.payload == Settings.Payload.HEAP) {
                    inputs.get(i).setData(values);
                } else {
                    inputs.get(i).setData(buffers[i]);
                }
            }
            return request;
        }

        private Object read(InferResult result) {
            Object[] read = new Object[settings.count];
            for (int i = 0; i < settings.count; i++) {
                if (settings.payload == Settings.Payload.VIEW) {
                    ByteBuffer view = result.getOutputBuffer(outputs[i]);
                    settings.check(view.remaining());
                    read[i] = view;
                } else {
                    float[] values = result.getOutputAsFloat(outputs[i]);
                    settings.check(values.length * 4);
                    read[i] = values;
                }
            }
            result.close();
            return read;
        }

        @Override
        public Object call() {
            return read(client.infer(request()));
        }

        @Override
        public void submit(Done done) {
            client.inferAsync(request()).thenAccept(this::read).whenComplete((none, error) -> done.done(error));
        }
    }
}
