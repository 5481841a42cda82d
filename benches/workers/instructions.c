/* instructions URL COUNT BYTES CALLS [fresh]: makes CALLS requests of COUNT inputs of BYTES bytes each on one client,
 * and reads every output in place; "fresh" sets a new id on each request. instructions.sh counts its instructions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>

static void check(triton_status status, triton_error *const *error) {
    if (status == TRITON_STATUS_OK) return;
    fprintf(stderr, "%s: %s\n", triton_status_name(status), triton_error_message(*error));
    exit(1);
}

/* Counts up in decimal: cheaper than snprintf, which would add its own instructions to every call. */
static void next_id(char *id) {
    size_t at = strlen(id) - 1;
    while (id[at] == '9') id[at--] = '0';
    id[at]++;
}

int main(int argc, char **argv) {
    static const char *const inputs[] = {"INPUT0", "INPUT1"}, *const outputs[] = {"OUTPUT0", "OUTPUT1"};
    char id[] = "request-000000";
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_error *error = NULL;
    size_t count, byte_size, calls, i;
    int is_fresh;
    if (argc < 5) {
        fprintf(stderr, "usage: instructions URL COUNT BYTES CALLS [fresh]\n");
        return 2;
    }
    count = strtoul(argv[2], NULL, 10);
    byte_size = strtoul(argv[3], NULL, 10);
    calls = strtoul(argv[4], NULL, 10);
    is_fresh = argc > 5 && strcmp(argv[5], "fresh") == 0;
    {
        const int64_t shape[] = {count == 1 ? (int64_t)byte_size : 1, (int64_t)byte_size / 4};
        const triton_datatype datatype = count == 1 ? TRITON_DATATYPE_UINT8 : TRITON_DATATYPE_INT32;
        void *data = calloc(1, byte_size);
        check(triton_client_new(argv[1], NULL, &client, &error), &error);
        check(triton_infer_request_new(count == 1 ? "identity_uint8" : "simple", &request, &error), &error);
        for (i = 0; i < count; i++)
            check(triton_infer_request_add_input_data(request, inputs[i], datatype, shape, count == 1 ? 1 : 2, data,
                      byte_size, NULL, &error), &error);
        for (; calls > 0; calls--) {
            triton_infer_result *result = NULL;
            if (is_fresh) {
                next_id(id);
                check(triton_infer_request_set_id(request, id, &error), &error);
            }
            check(triton_client_infer(client, request, NULL, &result, &error), &error);
            for (i = 0; i < count; i++) {
                const void *values = NULL;
                size_t value_count = 0;
                check(triton_infer_result_output_as(result, outputs[i], datatype, &values, &value_count, &error), &error);
            }
            triton_infer_result_free(result);
        }
        free(data);
    }
    triton_infer_request_free(request);
    triton_client_free(client);
    return 0;
}
