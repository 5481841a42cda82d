/* repeat_sized.c URL N BYTES ID: makes N requests on one client, each with an id of its own if ID is "id".
 * BYTES: 64 for each of two inputs of the model simple, anything else for the one input of identity_uint8. */
#include "check.h"

static char data[1 << 20];

static void add(triton_infer_request *request, const char *name, triton_datatype datatype, size_t rank,
                size_t byte_size) {
    const int64_t shape[] = {rank == 1 ? (int64_t)byte_size : 1, 16};
    CHECK(triton_infer_request_add_input_data(request, name, datatype, shape, rank, data, byte_size, NULL,
                                              &error)
          == TRITON_STATUS_OK);
}

int main(int argc, char **argv) {
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    size_t byte_size;
    int left;
    CHECK(argc == 5);
    byte_size = (size_t)atol(argv[3]);
    CHECK(byte_size <= sizeof data);
    CHECK(triton_client_new(argv[1], NULL, &client, &error) == TRITON_STATUS_OK);
    CHECK(triton_infer_request_new(byte_size == 64 ? "simple" : "identity_uint8", &request, &error)
          == TRITON_STATUS_OK);
    if (byte_size == 64) {
        add(request, "INPUT0", TRITON_DATATYPE_INT32, 2, 64);
        add(request, "INPUT1", TRITON_DATATYPE_INT32, 2, 64);
    } else {
        add(request, "INPUT0", TRITON_DATATYPE_UINT8, 1, byte_size);
    }
    for (left = atoi(argv[2]); left > 0; left--) {
        triton_infer_result *result = NULL;
        if (strcmp(argv[4], "id") == 0) {
            /* Digits by hand: printf would count among the instructions. */
            char id[] = "request-000000";
            int digit, rest = left;
            for (digit = (int)sizeof id - 2; rest > 0; digit--, rest /= 10)
                id[digit] = (char)('0' + rest % 10);
            CHECK(triton_infer_request_set_id(request, id, &error) == TRITON_STATUS_OK);
        }
        CHECK(triton_client_infer(client, request, NULL, &result, &error) == TRITON_STATUS_OK);
        triton_infer_result_free(result);
    }
    triton_infer_request_free(request);
    triton_client_free(client);
    return 0;
}
