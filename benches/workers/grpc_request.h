// Channel and messages of the workers on gRPC C++: stubs generated from the project's .proto files, request and response
// reused, no limit on the message size.
#ifndef GRPC_REQUEST_H
#define GRPC_REQUEST_H
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "grpc_service.grpc.pb.h"
#include "worker.h"

static std::shared_ptr<grpc::ChannelCredentials> new_credentials(const struct bench *bench) {
    if (!bench->ca) return grpc::InsecureChannelCredentials();
    grpc::SslCredentialsOptions options;
    std::ifstream file(bench->ca);
    options.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
    return grpc::SslCredentials(options);
}

static std::unique_ptr<inference::GRPCInferenceService::Stub> new_stub(const struct bench *bench,
    grpc::ChannelArguments arguments = {}) {
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetMaxSendMessageSize(-1);
    // Large frames, which suit the tensors of this benchmark.
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 << 20);
    // By default, channels to the same address share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel = grpc::CreateCustomChannel(bench->address, new_credentials(bench), arguments);
    return inference::GRPCInferenceService::NewStub(channel);
}

struct messages {
    inference::ModelInferRequest request;
    inference::ModelInferResponse response;
    std::vector<std::string> tensors;

    explicit messages(const struct bench *bench) {
        request.set_model_name(bench->count == 1 ? "identity_uint8" : "simple");
        for (size_t i = 0; i < bench->count; i++) {
            auto *input = request.add_inputs();
            input->set_name("INPUT" + std::to_string(i));
            input->set_datatype(bench->count == 1 ? "UINT8" : "INT32");
            if (bench->count != 1) input->add_shape(1);
            input->add_shape(static_cast<int64_t>(bench->count == 1 ? bench->byte_size : bench->byte_size / 4));
            tensors.emplace_back(bench->byte_size, '\0');
            fill(&tensors.back()[0], bench->byte_size);
            request.add_raw_input_contents();
        }
    }

    // Copies the caller's tensors into the request, whose memory is reused.
    void fill_request() {
        for (size_t i = 0; i < tensors.size(); i++)
            request.mutable_raw_input_contents(static_cast<int>(i))->assign(tensors[i]);
    }

    void check_response(const grpc::Status &status) const {
        if (!status.ok()) fail("grpc", status.error_message().c_str());
        if (static_cast<size_t>(response.raw_output_contents_size()) != tensors.size())
            fail("response", "wrong number of outputs");
        for (size_t i = 0; i < tensors.size(); i++)
            if (response.raw_output_contents(static_cast<int>(i)).size() != tensors[i].size()) fail("response", "wrong size");
    }
};
#endif
