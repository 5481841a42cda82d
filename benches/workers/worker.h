/* The main program of every worker in C and C++: threads, timing, and the protocol between the driver and a worker.
 *
 *     WORKER PROTOCOL HOST:PORT COUNT BYTES THREADS [MODE [DATATYPE]]
 *
 * PROTOCOL is http or grpc, or over TLS https or grpcs; then the environment variable BENCH_CA is the file with the
 * authority's certificate. A request has COUNT inputs and the response COUNT outputs, of BYTES bytes each; each thread sends one request after
 * the other. The worker prints "ready" once every thread has received its first response. For each line "run CALLS" on
 * its standard input, every thread makes CALLS calls, and the worker prints one line of integers:
 *
 *     wall time in ns, CPU time (user and system, all threads) in us, peak RSS in KiB, p50 and p99 of a call in ns,
 *     threads of the process, the fastest thread's time as a percentage of the slowest's, minor page faults
 *
 * Only this library's workers know DATATYPE; it may be FP32.
 *
 * A worker that defines WORKER_IN_FLIGHT before it includes this file makes asynchronous calls: THREADS is the number of
 * its requests in flight, and CALLS times THREADS the number of its calls. The percentage is 100.
 */
#ifndef WORKER_H
#define WORKER_H
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct bench {
    int is_grpc;
    const char *ca; /* NULL without TLS. */
    const char *address, *mode, *datatype;
    size_t count, byte_size, threads;
};

/* Defined by each worker. They call fail() on any error. */
static void bench_start(const struct bench *bench);         /* Called once. */
#ifdef WORKER_IN_FLIGHT
/* Makes `calls` calls, of which `threads` are in flight, and returns after the last. Each passes the time of its submission
 * to worker_done(). */
static void bench_run(const struct bench *bench, size_t calls);
#else
static void *bench_open(const struct bench *bench);         /* Called by each thread; returns its state and inputs. */
static void bench_call(void *state);                        /* Makes one call and checks the outputs' sizes. */
#endif

static struct bench worker_bench;
static size_t worker_calls;
static uint64_t *worker_times, *worker_spans;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* Fills a tensor with noise, which proxies can't compress. */
static inline void fill(void *data, size_t byte_size) {
    uint64_t state = 0x9e3779b97f4a7c15u;
    size_t i;
    for (i = 0; i < byte_size; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        ((unsigned char *)data)[i] = (unsigned char)(state >> 32);
    }
}

static uint64_t worker_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct rusage worker_usage(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage;
}

static uint64_t worker_cpu_us(const struct rusage *usage) {
    return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000u
        + (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static size_t worker_status(const char *name) {
    char line[256];
    size_t value = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, name, strlen(name)) == 0) value = strtoul(line + strlen(name) + 1, NULL, 10);
    if (status) fclose(status);
    return value;
}

static int worker_by_time(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

#ifdef WORKER_IN_FLIGHT
static size_t worker_completed;

/* Returns the number of calls that are complete. */
static size_t worker_done(uint64_t submitted) {
    const size_t index = __atomic_fetch_add(&worker_completed, 1, __ATOMIC_ACQ_REL);
    worker_times[index] = worker_now() - submitted;
    return index + 1;
}

static void worker_run(void) {
    const size_t all = worker_calls * worker_bench.threads;
    worker_completed = 0;
    bench_run(&worker_bench, all);
    if (worker_completed != all) fail("bench_run", "wrong number of completions");
}

static void worker_open(void) {
    size_t i;
    /* The peers allocate a transfer's buffers anew. By default, malloc returns such large ones to the system, and the page
     * faults would cost more than the rest of a call. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (i = 0; i < worker_bench.threads; i++) worker_spans[i] = 1;
    worker_calls = 1;
    worker_times = (uint64_t *)calloc(worker_bench.threads, sizeof *worker_times);
    worker_run();
    free(worker_times);
}
#else
static pthread_barrier_t worker_begin, worker_end;

static void *worker_thread(void *index) {
    const size_t at = (size_t)(uintptr_t)index;
    void *state = bench_open(&worker_bench);
    bench_call(state);
    for (;;) {
        uint64_t start, last, now;
        size_t i;
        pthread_barrier_wait(&worker_end);
        pthread_barrier_wait(&worker_begin);
        start = last = worker_now();
        for (i = 0; i < worker_calls; i++) {
            bench_call(state);
            now = worker_now();
            worker_times[at * worker_calls + i] = now - last;
            last = now;
        }
        worker_spans[at] = last - start;
    }
    return NULL;
}

static void worker_open(void) {
    size_t i;
    pthread_barrier_init(&worker_begin, NULL, (unsigned)worker_bench.threads + 1);
    pthread_barrier_init(&worker_end, NULL, (unsigned)worker_bench.threads + 1);
    for (i = 0; i < worker_bench.threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, worker_thread, (void *)(uintptr_t)i) != 0) fail("pthread_create", "failed");
    }
    pthread_barrier_wait(&worker_end);
}

static void worker_run(void) {
    pthread_barrier_wait(&worker_begin);
    pthread_barrier_wait(&worker_end);
}
#endif

int main(int argc, char **argv) {
    size_t i;
    if (argc < 6) fail(argv[0], "PROTOCOL HOST:PORT COUNT BYTES THREADS [MODE [DATATYPE]]");
    worker_bench.is_grpc = strncmp(argv[1], "grpc", 4) == 0;
    if (argv[1][strlen(argv[1]) - 1] == 's') {
        worker_bench.ca = getenv("BENCH_CA");
        if (!worker_bench.ca) fail("BENCH_CA", "not set");
    }
    worker_bench.address = argv[2];
    worker_bench.count = strtoul(argv[3], NULL, 10);
    worker_bench.byte_size = strtoul(argv[4], NULL, 10);
    worker_bench.threads = strtoul(argv[5], NULL, 10);
    worker_bench.mode = argc > 6 ? argv[6] : "";
    worker_bench.datatype = argc > 7 ? argv[7] : "";
    worker_spans = (uint64_t *)calloc(worker_bench.threads, sizeof *worker_spans);
    bench_start(&worker_bench);
    worker_open();
    puts("ready");
    fflush(stdout);
    while (scanf(" run %zu", &worker_calls) == 1) {
        const size_t all = worker_calls * worker_bench.threads;
        uint64_t wall, low = UINT64_MAX, high = 1;
        struct rusage before, after;
        worker_times = (uint64_t *)malloc(all * sizeof *worker_times);
        memset(worker_times, 0, all * sizeof *worker_times);
        before = worker_usage();
        wall = worker_now();
        worker_run();
        wall = worker_now() - wall;
        after = worker_usage();
        qsort(worker_times, all, sizeof *worker_times, worker_by_time);
        for (i = 0; i < worker_bench.threads; i++) {
            if (worker_spans[i] < low) low = worker_spans[i];
            if (worker_spans[i] > high) high = worker_spans[i];
        }
        printf("%llu %llu %zu %llu %llu %zu %llu %ld\n", (unsigned long long)wall,
            (unsigned long long)(worker_cpu_us(&after) - worker_cpu_us(&before)), worker_status("VmHWM:"),
            (unsigned long long)worker_times[all / 2], (unsigned long long)worker_times[all - 1 - all / 100],
            worker_status("Threads:"), (unsigned long long)(low * 100 / high), after.ru_minflt - before.ru_minflt);
        fflush(stdout);
        free(worker_times);
    }
    _Exit(0); /* Without joining the threads, which may wait at a barrier. */
}
#endif
