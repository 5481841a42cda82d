/* start LIBRARY URL: prints the time that a process spends until its first response, in ns: loading the library,
 * creating a client, and the first inference, connection included. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <triton_client.h>

static unsigned long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (unsigned long long)time.tv_sec * 1000000000u + (unsigned long long)time.tv_nsec;
}

static void *library;

static void find(const char *name, void *function) {
    void *address = dlsym(library, name);
    if (!address) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    memcpy(function, &address, sizeof address);
}

#define FUNCTION(name) \
    __typeof__(name) *p_##name; \
    find(#name, &p_##name)

int main(int argc, char **argv) {
    static char data[64];
    const int64_t shape[] = {1, 16};
    triton_client *client = NULL;
    triton_infer_request *request = NULL;
    triton_infer_result *result = NULL;
    unsigned long long start = now(), loaded, created, responded;
    if (argc != 3) return 2;
    library = dlopen(argv[1], RTLD_NOW);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    loaded = now();
    FUNCTION(triton_client_new);
    FUNCTION(triton_infer_request_new);
    FUNCTION(triton_infer_request_add_input_data);
    FUNCTION(triton_client_infer);
    if (p_triton_client_new(argv[2], NULL, &client, NULL) != TRITON_STATUS_OK) return 1;
    created = now();
    if (p_triton_infer_request_new("simple", &request, NULL) != TRITON_STATUS_OK
        || p_triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, data, 64, NULL, NULL) != TRITON_STATUS_OK
        || p_triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, data, 64, NULL, NULL) != TRITON_STATUS_OK
        || p_triton_client_infer(client, request, NULL, &result, NULL) != TRITON_STATUS_OK) return 1;
    responded = now();
    printf("%llu %llu %llu\n", loaded - start, created - loaded, responded - created);
    return 0;
}
