// gRPC C++, as a careful user writes it by hand: one channel per thread (grpc_request.h).
#include "grpc_request.h"

struct state : messages {
    std::unique_ptr<inference::GRPCInferenceService::Stub> stub;

    explicit state(const struct bench *bench) : messages(bench), stub(new_stub(bench)) {}
};

static void bench_start(const struct bench *) {}

static void *bench_open(const struct bench *bench) { return new struct state(bench); }

static void bench_call(void *opaque) {
    auto *state = static_cast<struct state *>(opaque);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    state->fill_request();
    state->check_response(state->stub->ModelInfer(&context, state->request, &state->response));
}
