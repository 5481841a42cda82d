package org.tritonclient.benchmarks;

import com.google.protobuf.UnsafeByteOperations;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.TimeUnit;

/**
 * grpc-java with stubs generated from the project's .proto files, as a careful program uses it: one channel, no limit on
 * the message size, the request without its tensors built once, tensors wrapped and not copied. Callbacks run on the
 * channel's default executor, or on its event loop, where they may not block.
 */
final class GrpcPeer implements Client {
    private final Settings settings;
    private final ManagedChannel channel;
    private final GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub blocking;
    private final GRPCInferenceServiceGrpc.GRPCInferenceServiceStub async;

    GrpcPeer(Settings settings, boolean isDirectExecutor) {
        this.settings = settings;
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget(settings.address)
                .usePlaintext()
                .maxInboundMessageSize(Integer.MAX_VALUE);
        if (isDirectExecutor) {
            builder.directExecutor();
        }
        channel = builder.build();
        blocking = GRPCInferenceServiceGrpc.newBlockingStub(channel);
        async = GRPCInferenceServiceGrpc.newStub(channel);
    }

    @Override
    public Caller newCaller() {
        return new GrpcCaller();
    }

    @Override
    public void close() throws InterruptedException {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }

    private final class GrpcCaller implements Caller {
        private final float[] values = settings.heapInput();
        private final ByteBuffer[] tensors = new ByteBuffer[settings.count];
        private final FloatBuffer[] floats = new FloatBuffer[settings.count];
        private final ModelInferRequest withoutTensors;

        GrpcCaller() {
            ModelInferRequest.Builder builder = ModelInferRequest.newBuilder().setModelName(settings.model());
            for (int i = 0; i < settings.count; i++) {
                ModelInferRequest.InferInputTensor.Builder input =
                        builder.addInputsBuilder().setName("INPUT" + i).setDatatype("FP32");
                for (long size : settings.shape()) {
                    input.addShape(size);
                }
                tensors[i] = settings.payload == Settings.Payload.HEAP
                        ? ByteBuffer.allocate(settings.byteSize).order(ByteOrder.LITTLE_ENDIAN)
                        : settings.directInput();
                floats[i] = tensors[i].asFloatBuffer();
            }
            withoutTensors = builder.build();
        }

        private ModelInferRequest request() {
            ModelInferRequest.Builder builder = withoutTensors.toBuilder();
            for (int i = 0; i < settings.count; i++) {
                if (settings.payload == Settings.Payload.HEAP) {
                    floats[i].clear();
                    floats[i].put(values);
                }
                builder.addRawInputContents(UnsafeByteOperations.unsafeWrap(tensors[i]));
            }
            return builder.build();
        }

        private Object read(ModelInferResponse response) {
            Object[] outputs = new Object[settings.count];
            for (int i = 0; i < settings.count; i++) {
                ByteBuffer bytes = response.getRawOutputContents(i).asReadOnlyByteBuffer();
                settings.check(bytes.remaining());
                FloatBuffer view = bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
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
        public Object call() {
            return read(blocking.withDeadlineAfter(60, TimeUnit.SECONDS).modelInfer(request()));
        }

        @Override
        public void submit(Done done) {
            async.withDeadlineAfter(60, TimeUnit.SECONDS).modelInfer(request(), new StreamObserver<>() {
                @Override
                public void onNext(ModelInferResponse response) {
                    read(response);
                }

                @Override
                public void onError(Throwable error) {
                    done.done(error);
                }

                @Override
                public void onCompleted() {
                    done.done(null);
                }
            });
        }
    }
}
