/* libcurl's multi interface, as a careful user writes it by hand: one multi handle on one thread, an easy handle for each
 * request in flight (curl_handle.h), reused, whose connections are kept alive. It waits with curl_multi_poll; if MODE is
 * "epoll", in an event loop of its own over curl_multi_socket_action. */
#define WORKER_IN_FLIGHT
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "curl_handle.h"

static CURLM *multi;
static struct state **states;
static int epoll_fd = -1, timer_fd = -1, is_due;

static void multi_check(CURLMcode code) {
    if (code != CURLM_OK) fail("curl_multi", curl_multi_strerror(code));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known) {
    struct epoll_event event = {.events = 0, .data.fd = fd};
    (void)easy, (void)user;
    if (what == CURL_POLL_REMOVE) return epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    if (!known) curl_multi_assign(multi, fd, states);
    return epoll_ctl(epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

/* A timeout of 0, which every added handle sets, needs no timer. */
static int on_timer(CURLM *handle, long timeout_ms, void *user) {
    struct itimerspec time = {{0, 0}, {0, 0}};
    (void)handle, (void)user;
    is_due = timeout_ms == 0;
    if (timeout_ms == 0) return 0;
    if (timeout_ms > 0) time.it_value.tv_sec = timeout_ms / 1000, time.it_value.tv_nsec = timeout_ms % 1000 * 1000000;
    return timerfd_settime(timer_fd, 0, &time, NULL);
}

static void bench_start(const struct bench *bench) {
    size_t i;
    curl_global_init(CURL_GLOBAL_ALL);
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)bench->threads);
    states = calloc(bench->threads, sizeof *states);
    for (i = 0; i < bench->threads; i++) {
        states[i] = new_state(bench);
        curl_easy_setopt(states[i]->curl, CURLOPT_PRIVATE, states[i]);
        curl_easy_setopt(states[i]->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(states[i]->curl, CURLOPT_TCP_NODELAY, 1L);
    }
    if (strcmp(bench->mode, "epoll") == 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = -1};
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event) != 0) fail("epoll_ctl", "failed");
        curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    }
}

static void submit(struct state *state) {
    state->received = 0;
    state->submitted = worker_now();
    multi_check(curl_multi_add_handle(multi, state->curl));
}

/* Waits for sockets and timers and acts on them. `is_new`: handles were added, which must be acted on first. */
static void step(int is_new) {
    int running, count, i;
    struct epoll_event events[64];
    if (epoll_fd < 0) {
        if (!is_new) multi_check(curl_multi_poll(multi, NULL, 0, 1000, NULL));
        multi_check(curl_multi_perform(multi, &running));
        return;
    }
    if (is_due) {
        is_due = 0;
        multi_check(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running));
        return;
    }
    count = epoll_wait(epoll_fd, events, 64, 1000);
    for (i = 0; i < count; i++) {
        if (events[i].data.fd < 0) {
            uint64_t expired;
            if (read(timer_fd, &expired, sizeof expired) < 0) continue;
            multi_check(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running));
        } else {
            const int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0)
                | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                | (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            multi_check(curl_multi_socket_action(multi, events[i].data.fd, what, &running));
        }
    }
}

static void bench_run(const struct bench *bench, size_t calls) {
    size_t started, done = 0;
    int is_new = 1;
    for (started = 0; started < bench->threads && started < calls; started++) submit(states[started]);
    while (done < calls) {
        CURLMsg *message;
        int left;
        step(is_new);
        is_new = 0;
        while ((message = curl_multi_info_read(multi, &left))) {
            struct state *state;
            if (message->msg != CURLMSG_DONE) continue;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&state);
            check_response(state, message->data.result);
            worker_done(state->submitted);
            done++;
            multi_check(curl_multi_remove_handle(multi, state->curl)); /* `message` is invalid from here on. */
            if (started == calls) continue;
            submit(state);
            started++;
            is_new = 1;
        }
    }
}
