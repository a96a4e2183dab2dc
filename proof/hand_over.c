// A thread writes `before`, passes a fence with Release, adds and ends. The next owner of its block adds. A reader that
// sees both adds passes a fence with Acquire.
//
// Must not be: that it doesn't see `before`.
//
// holds
// fails: -DNO_FENCE (in `Registry::claim`)
// holds: -DATOMIC -DNO_FENCE (one word, and `fetch_add`: the measure of the others, and what a spill word is)
// holds: -DCARRIES (`Cached`, whose next owner carries over what the last one left)
// fails: -DCARRIES -DNO_FENCE
// holds: -DUP_DOWN -DNO_FENCE (a slot of an up-down counter, stored with Release)
#include "program.h"

#ifdef UP_DOWN
#define STORE release
#else
#define STORE relaxed
#endif

static word before, slot, carried;
static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
static bool is_free;

static void add(void) {
#ifdef ATOMIC
    fetch_add(slot, 1, relaxed);
#else
    store(slot, load(slot, relaxed) + 1, STORE);
#endif
#ifdef CARRIES
    // Cached::add_owned, with a batch of 2
    if (load(slot, relaxed) % 2 == 0)
        fetch_add(carried, 2, relaxed);
#endif
}

// Registry::release
THREAD(owner) {
    store(before, 1, relaxed);
    fence(release);
    add();
    pthread_mutex_lock(&state);
    is_free = true;
    pthread_mutex_unlock(&state);
    return 0;
}

// Registry::claim
THREAD(next_owner) {
    pthread_mutex_lock(&state);
    bool is_claimed = is_free;
    pthread_mutex_unlock(&state);
    if (!is_claimed)
        return 0;
#ifndef NO_FENCE
    fence(release);
#endif
    add();
    return 0;
}

THREAD(reader) {
#ifdef CARRIES
    int sum = load(carried, relaxed);
#else
    int sum = load(slot, relaxed);
#endif
    fence(acquire);
    assert(sum < 2 || load(before, relaxed) == 1);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(owner), start(next_owner), start(reader)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}
