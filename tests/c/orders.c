/* orders.c URL SILENT_URL EVERY: frees the handles of a call in every order, of which each EVERYth is done:
 * those of a call that is complete, and those of a call to a server that never responds. */
#include "process.h"

#define HANDLES 6

static int32_t a[16] = {0}, b[16] = {0};
static atomic_size_t completions;

static void done(triton_infer_result *result, triton_error *error, void *user_data) {
    CHECK(user_data == &completions);
    triton_infer_result_free(result);
    triton_error_free(error);
    completions++;
}

/* Two calls, one with a queue and one with a callback, and everything that belongs to them. */
struct handles {
    triton_client *client;
    triton_infer_request *request;
    triton_call_options *options;
    triton_cancel_token *token;
    triton_completion_queue *queue;
    /* Of the call with the queue: of its submission and, if it is complete, of its completion. */
    triton_call *call, *completed;
    triton_call *called_back;
    triton_infer_result *result;
};

static void create(struct handles *handles, const char *url, bool is_complete) {
    memset(handles, 0, sizeof *handles);
    CHECK(triton_client_new(url, NULL, &handles->client, &error) == TRITON_STATUS_OK);
    handles->request = simple_request(a, b);
    CHECK(triton_cancel_token_new(&handles->token, &error) == TRITON_STATUS_OK);
    CHECK(triton_call_options_new(&handles->options, &error) == TRITON_STATUS_OK);
    CHECK(triton_call_options_set_cancel_token(handles->options, handles->token, &error) == TRITON_STATUS_OK);
    CHECK(triton_completion_queue_new(&handles->queue, &error) == TRITON_STATUS_OK);
    CHECK(triton_client_infer_async_queue(handles->client, handles->request, handles->options, handles->queue,
                                          NULL, &handles->call, &error)
          == TRITON_STATUS_OK);
    CHECK(triton_client_infer_async(handles->client, handles->request, handles->options, done, &completions,
                                    &handles->called_back, &error)
          == TRITON_STATUS_OK);
    if (is_complete) {
        CHECK(triton_completion_queue_next(handles->queue, PATIENCE_US, &handles->completed, &error)
              == TRITON_STATUS_OK);
        CHECK(triton_call_take_result(handles->completed, &handles->result, &error) == TRITON_STATUS_OK);
        CHECK(triton_call_wait(handles->called_back, PATIENCE_US, &error) == TRITON_STATUS_OK);
    }
}

static void free_one(struct handles *handles, int which) {
    switch (which) {
    case 0:
        triton_client_free(handles->client);
        break;
    case 1:
        triton_infer_request_free(handles->request);
        break;
    case 2:
        triton_call_options_free(handles->options);
        triton_cancel_token_free(handles->token);
        break;
    case 3:
        triton_completion_queue_free(handles->queue);
        break;
    case 4:
        triton_call_free(handles->call);
        triton_call_free(handles->called_back);
        break;
    default:
        CHECK(handles->result == NULL || is_sum(handles->result, 0));
        triton_infer_result_free(handles->result);
        triton_call_free(handles->completed);
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    const size_t descriptors_before = descriptors();
    const int every = atoi(argv[3]);
    size_t count = 0;
    int orders = 0;
    /* The digits of a number to the base of 6 which are all different are an order. */
    for (int number = 0; number < 6 * 6 * 6 * 6 * 6 * 6; number++) {
        int order[HANDLES], rest = number, seen = 0;
        for (int i = 0; i < HANDLES; i++, rest /= HANDLES) seen |= 1 << (order[i] = rest % HANDLES);
        if (seen != (1 << HANDLES) - 1 || orders++ % every != 0) continue;
        for (int is_complete = 0; is_complete < 2; is_complete++) {
            struct handles handles;
            create(&handles, argv[is_complete ? 1 : 2], is_complete);
            for (int i = 0; i < HANDLES; i++) free_one(&handles, order[i]);
            count++;
            WAIT_UNTIL(completions == count);
        }
    }
    CHECK(orders == 720);
    WAIT_UNTIL(threads("") == 1);
    CHECK(descriptors() == descriptors_before);
    printf("%zu times\n", count);
    return 0;
}
