/* unload.c LIBRARY URL close|exit: the library is closed, or the process exits, while a call is in progress.
 * The server of URL never responds. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>
#include <unistd.h>

static int started[2];
static const char *url;
static void *library;

/* The address of a function through an object pointer, as POSIX permits. */
static void *find(const char *name) {
    void *address = dlsym(library, name);
    if (address == NULL) exit(3);
    return address;
}

static void *call(void *unused) {
    triton_status (*client_new)(const char *, const triton_client_options *, triton_client **,
                                triton_error **);
    triton_status (*live)(const triton_client *, const triton_call_options *, bool *, triton_error **);
    triton_status (*options_new)(triton_call_options **, triton_error **);
    triton_status (*set_timeout)(triton_call_options *, uint64_t, triton_error **);
    triton_client *client = NULL;
    triton_call_options *options = NULL;
    bool is_live = false;
    void *address;
    address = find("triton_client_new");
    memcpy(&client_new, &address, sizeof address);
    address = find("triton_client_check_server_live");
    memcpy(&live, &address, sizeof address);
    address = find("triton_call_options_new");
    memcpy(&options_new, &address, sizeof address);
    address = find("triton_call_options_set_timeout_us");
    memcpy(&set_timeout, &address, sizeof address);
    if (client_new(url, NULL, &client, NULL) || options_new(&options, NULL)
        || set_timeout(options, 300000, NULL))
        exit(4);
    if (write(started[1], "x", 1) != 1) exit(5);
    if (live(client, options, &is_live, NULL) != TRITON_STATUS_DEADLINE_EXCEEDED) exit(6);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t thread;
    char byte;
    if (argc != 4 || pipe(started) != 0) return 2;
    url = argv[2];
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL || pthread_create(&thread, NULL, call, NULL) != 0) return 2;
    if (read(started[0], &byte, 1) != 1) return 2;
    if (strcmp(argv[3], "exit") == 0) exit(0);
    dlclose(library);
    return pthread_join(thread, NULL);
}
