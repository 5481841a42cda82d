/* Names that the API is about to have, by those that it has today. Goes when they are there. */
#ifndef FINAL_NAMES_H
#define FINAL_NAMES_H
#include <string.h>
#include <triton_client.h>

#define triton_infer_request_add_input_data(request, name, datatype, shape, rank, data, byte_size, index_out, error_out) \
    ((void)(index_out), triton_infer_request_add_input_data(request, name, datatype, shape, rank, data, byte_size, error_out))
#define triton_infer_request_add_input_strings(request, name, shape, rank, strings, count, index_out, error_out) \
    ((void)(index_out), triton_infer_request_add_input_strings(request, name, shape, rank, strings, count, error_out))

static size_t final_names_unused;
static inline triton_status triton_infer_request_add_output(triton_infer_request *request, const char *name, size_t *index_out,
                                                            triton_error **error_out) {
    return triton_infer_request_add_requested_output(request, name, index_out ? index_out : &final_names_unused, error_out);
}
#define triton_infer_request_output_set_buffer triton_infer_request_requested_output_set_buffer
#define triton_infer_request_output_set_classification triton_infer_request_requested_output_set_classification

static inline triton_status triton_infer_request_input_set_data(triton_infer_request *request, size_t input, const void *data,
                                                                size_t byte_size, triton_error **error_out) {
    triton_status status = triton_infer_request_input_clear_data(request, input, error_out);
    return status ? status : triton_infer_request_input_append_data(request, input, data, byte_size, error_out);
}

typedef triton_infer_request triton_parameters;
#define triton_infer_request_parameters(request) (request)
#define triton_parameters_set_int64 triton_infer_request_set_parameter_int64
#define triton_parameters_set_string triton_infer_request_set_parameter_string

static const triton_infer_result *final_names_result;
static inline const triton_infer_output *triton_infer_result_find_output(const triton_infer_result *result, const char *name) {
    size_t i;
    final_names_result = result;
    for (i = 0; i < triton_infer_result_output_count(result); i++)
        if (strcmp(triton_infer_output_name(triton_infer_result_output(result, i)), name) == 0)
            return triton_infer_result_output(result, i);
    return NULL;
}
#define triton_infer_output_elements(output, datatype, data_out, count_out, error_out) \
    triton_infer_result_output_as(final_names_result, triton_infer_output_name(output), datatype, data_out, count_out, error_out)
#endif
