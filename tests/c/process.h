/* What a test program measures of its own process, and the requests that it makes. Needs C11. */
#include <dirent.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* Longer than any wait of a program that passes. */
#define PATIENCE_US 60000000

static const int64_t simple_shape[] = {1, 16};

/* A new request of the model `simple`, which borrows both inputs. On any thread. */
static inline triton_infer_request *simple_request(const int32_t *a, const int32_t *b) {
    triton_infer_request *request = NULL;
    triton_error *error = NULL;
    CHECK(triton_infer_request_new("simple", &request, &error) == TRITON_STATUS_OK);
    CHECK(triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, simple_shape, 2, a,
                                              16 * sizeof *a, NULL, &error)
          == TRITON_STATUS_OK);
    CHECK(triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, simple_shape, 2, b,
                                              16 * sizeof *b, NULL, &error)
          == TRITON_STATUS_OK);
    return request;
}

/* Whether every element of the sum of `simple` is this. */
static inline bool is_sum(const triton_infer_result *result, int32_t expected) {
    const void *data = NULL;
    size_t count = 0;
    if (triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, NULL))
        return false;
    const int32_t *sum = data;
    for (size_t i = 0; i < count; i++) {
        if (sum[i] != expected) return false;
    }
    return count == 16;
}

static inline int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline void pause_us(long us) {
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

/* Waits until a condition holds; one that never does ends the program. */
#define WAIT_UNTIL(condition)                                            \
    do {                                                                 \
        const int64_t start = now_us();                                  \
        while (!(condition)) {                                           \
            CHECK(now_us() - start < PATIENCE_US && #condition != NULL); \
            pause_us(200);                                               \
        }                                                                \
    } while (0)

/* The number of threads of this process, or of its descriptors; of both only those whose name, or target,
 * begins with `start`. */
static inline size_t count_own(const char *folder, const char *start) {
    char path[512], name[512];
    size_t count = 0;
    struct dirent *entry;
    snprintf(path, sizeof path, "/proc/self/%s", folder);
    DIR *entries = opendir(path);
    CHECK(entries != NULL);
    while ((entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        name[0] = '\0';
        if (strcmp(folder, "task") == 0) {
            snprintf(path, sizeof path, "/proc/self/task/%.64s/comm", entry->d_name);
            FILE *file = fopen(path, "r");
            /* A thread may end meanwhile. */
            if (file == NULL) continue;
            if (fgets(name, sizeof name, file) == NULL) name[0] = '\0';
            fclose(file);
        } else {
            snprintf(path, sizeof path, "/proc/self/%s/%.64s", folder, entry->d_name);
            const ssize_t length = readlink(path, name, sizeof name - 1);
            name[length > 0 ? length : 0] = '\0';
        }
        count += strncmp(name, start, strlen(start)) == 0;
    }
    closedir(entries);
    return count;
}

static inline size_t threads(const char *start) {
    return count_own("task", start);
}
static inline size_t descriptors(void) {
    return count_own("fd", "");
}
static inline size_t sockets(void) {
    return count_own("fd", "socket:");
}

/* The resident memory of this process in bytes. */
static inline long resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Memory that is resident from the beginning on. */
static inline void *resident_memory(size_t count, size_t byte_size) {
    void *memory = malloc(count * byte_size);
    CHECK(memory != NULL);
    return memset(memory, 0, count * byte_size);
}

/* The greatest resident memory in the first and the second half of a run. */
struct halves {
    long first, second;
};

static inline void sample(struct halves *halves, size_t at, size_t count) {
    const long now = resident();
    long *half = at < count / 2 ? &halves->first : &halves->second;
    if (now > *half) *half = now;
}

static inline void check_flat(const struct halves *halves) {
    CHECK(halves->first > 0 && halves->second <= halves->first / 10 * 11);
}
