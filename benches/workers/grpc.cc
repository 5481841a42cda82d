// gRPC C++, as a careful user writes it by hand: stubs generated from the project's .proto files, one channel
// per thread, request and response reused, no limit on the message size.
#include <grpcpp/grpcpp.h>

#include <memory>

#include "grpc_service.grpc.pb.h"
#include "worker.h"

struct state {
    std::unique_ptr<inference::GRPCInferenceService::Stub> stub;
    inference::ModelInferRequest request;
    inference::ModelInferResponse response;
    std::vector<std::string> tensors;
};

static void bench_start(const struct bench *) {}

static void *bench_open(const struct bench *bench) {
    auto *state = new struct state;
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetMaxSendMessageSize(-1);
    // Large frames, which suit the tensors of this benchmark.
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 << 20);
    // By default, channels to the same address share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel = grpc::CreateCustomChannel(bench->address, grpc::InsecureChannelCredentials(), arguments);
    state->stub = inference::GRPCInferenceService::NewStub(channel);
    state->request.set_model_name(bench->count == 1 ? "identity_uint8" : "simple");
    for (size_t i = 0; i < bench->count; i++) {
        auto *input = state->request.add_inputs();
        input->set_name("INPUT" + std::to_string(i));
        input->set_datatype(bench->count == 1 ? "UINT8" : "INT32");
        if (bench->count != 1) input->add_shape(1);
        input->add_shape(static_cast<int64_t>(bench->count == 1 ? bench->byte_size : bench->byte_size / 4));
        state->tensors.emplace_back(bench->byte_size, '\0');
        fill(&state->tensors.back()[0], bench->byte_size);
        state->request.add_raw_input_contents();
    }
    return state;
}

static void bench_call(void *opaque) {
    auto *state = static_cast<struct state *>(opaque);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    // Copies the caller's tensor into the message, whose memory is reused.
    for (size_t i = 0; i < state->tensors.size(); i++)
        state->request.mutable_raw_input_contents(static_cast<int>(i))->assign(state->tensors[i]);
    const grpc::Status status = state->stub->ModelInfer(&context, state->request, &state->response);
    if (!status.ok()) fail("grpc", status.error_message().c_str());
    if (static_cast<size_t>(state->response.raw_output_contents_size()) != state->tensors.size()) fail("response", "wrong number of outputs");
    for (size_t i = 0; i < state->tensors.size(); i++)
        if (state->response.raw_output_contents(static_cast<int>(i)).size() != state->tensors[i].size())
            fail("response", "wrong size");
}
