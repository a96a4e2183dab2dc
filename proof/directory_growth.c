// Two threads append a chunk each to a directory, under the lock, and add; a third one sums.
//
// Must not be: a page that the reader doesn't find, or doesn't find whole.
//
// holds
// fails: -DEXTENT_STORE=relaxed
// fails: -DEXTENT_LOAD=relaxed
// fails: -DNO_LOCK (two threads append the same chunk)
#include "program.h"

#ifndef EXTENT_STORE
#define EXTENT_STORE release
#endif
#ifndef EXTENT_LOAD
#define EXTENT_LOAD acquire
#endif

typedef struct {
    int len; // Stands for what is no atomic.
    word slot;
} page;

static page memory[2];
static _Atomic(page *) pages[2];
static word extent;
static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;

// Directory::grow, and the first add to the new chunk
static void grow_and_add(void) {
#ifndef NO_LOCK
    pthread_mutex_lock(&state);
#endif
    int number = load(extent, relaxed);
    memory[number].len = 1;
    store(pages[number], &memory[number], relaxed);
    store(extent, number + 1, EXTENT_STORE);
#ifndef NO_LOCK
    pthread_mutex_unlock(&state);
#endif
    store(memory[number].slot, load(memory[number].slot, relaxed) + 1, relaxed);
}

THREAD(adder) {
    grow_and_add();
    return 0;
}

THREAD(other_adder) {
    grow_and_add();
    return 0;
}

// Directory::sum_of
static int sum(void) {
    int sum = 0;
    for (int number = 0, len = load(extent, EXTENT_LOAD); number < len; number++) {
        page *page = load(pages[number], relaxed);
        assert(page != 0 && page->len == 1);
        sum += load(page->slot, relaxed);
    }
    return sum;
}

THREAD(reader) {
    assert(sum() <= 2);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(other_adder), start(reader)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    assert(sum() == 2);
}
