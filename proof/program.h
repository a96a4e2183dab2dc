// Names that the programs share. A `word` stands for an AtomicU64, an AtomicU32 or an AtomicPtr.
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef atomic_int word;

#define relaxed memory_order_relaxed
#define acquire memory_order_acquire
#define release memory_order_release
#define seq_cst memory_order_seq_cst

#define load(word, order) atomic_load_explicit(&(word), order)
#define store(word, value, order) atomic_store_explicit(&(word), value, order)
#define fetch_add(word, value, order) atomic_fetch_add_explicit(&(word), value, order)
#define fence(order) atomic_thread_fence(order)

#define THREAD(name) static void *name(void *unused)

static pthread_t start(void *(*run)(void *)) {
    pthread_t thread;
    pthread_create(&thread, 0, run, 0);
    return thread;
}

static void join(pthread_t thread) { pthread_join(thread, 0); }
