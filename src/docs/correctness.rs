//! The promises of quipu, the reasons why they hold, and the checks.
//!
//! The loom models are in `src/tests`, one file a subject; `ci/mutations` weakens each ordering and
//! drops each step of the protocol, and shows the model or test that fails without it.
//! `ci/promises` prints the number of these mutations beside each promise and its checks.
//! [`internals`](super::internals) has the tables of orderings and steps.
//!
//! # Promises
//!
//! ## No add is lost
//! A slot has one writer, so its load, addition and store need no other thread's consent. Nobody
//! zeroes it while a counter has it: a reset moves a baseline that reads subtract. When a thread
//! ends, its slots stay in every sum, and its block goes to the next new thread under the registry's
//! lock. Nothing is flushed, so nothing can be flushed too late. Handles ([`LocalCounter`](crate::LocalCounter)) write
//! to the same slots, and the block goes only when the last of its thread's is gone, in whatever
//! order thread-locals are destroyed, which [`internals`](super::internals#holds-of-a-block) has for
//! each system. Where a thread has no block, because its
//! thread-locals are gone, it claims one for the one add; where none can be had, for want of memory
//! or from within quipu's own work, the add is an atomic one on a word in the counter. (Per-thread
//! counters summed by the reader are "statistical counters" in McKenney's *Is Parallel Programming
//! Hard, And, If So, What Can You Do About It?*, chapter 5. Keeping a dead thread's counts where
//! they are, and not folding them into a total, is ours.)
//!
//! *Checked by* the models `block_is_claimed_again_with_its_values`,
//! `add_in_a_thread_local_destructor_counts`, `nested_add_counts`,
//! `nested_adds_of_two_threads_count`, `exhausted_space_spills`; of handles,
//! `handle_keeps_its_block_after_the_first_hold`, `last_of_two_handles_gives_the_block_back`,
//! `handle_in_a_thread_local_destructor_counts`, `handles_within_a_cold_path_take_no_lock` and
//! `handles_leave_no_blocks_behind`; by `threads_that_add_in_destructors_leave_no_blocks_behind`; by `tests/every_unit_counts_once`,
//! whose torture runs under ThreadSanitizer and at length, too; by `tests/allocators`,
//! `tests/counting_allocator.rs` and `tests/forks/amid_work.rs`.
//!
//! ## A sum lies between the true totals at its start and at its end
//! On a counter that only grows, the read of each slot returns a value that it had during the sum,
//! or one that a concurrent add was about to give it; a sum of such values lies between the sums of
//! what the slots had at its start and at its end. This is intermediate value linearizability:
//! Rinberg and Keidar, *Intermediate Value Linearizability: A Quantitative Correctness Criterion*,
//! DISC 2020, which has the batched counter as its example.
//!
//! *Checked by* `sum_lies_between_start_and_end_and_never_goes_down`, and while it runs by
//! `tests/every_unit_counts_once/stress.rs` and `tests/every_unit_counts_once/churn.rs`: no sum is
//! above the adds begun, or below the adds known complete.
//!
//! ## A sum includes every add that happens-before it
//! The add's store, the registration of the key and the growth of the directory all happen-before
//! the sum's loads then, and a load returns no older value than the last that happens-before it
//! (read coherence).
//!
//! *Checked by* `sum_includes_what_happens_before_it`, `thread_reads_its_own_adds`,
//! `chunk_growth_is_seen_whole`, `key_is_registered_once`.
//!
//! ## Successive reads by one thread never go down, without takes
//! Each slot only grows, each load is coherent with the one before it, and the second read walks
//! every group of chunks that the first walked. A group may have a chunk that neither read knows of.
//!
//! *Checked by* `sum_lies_between_start_and_end_and_never_goes_down`,
//! `snapshot_has_what_a_sum_before_it_had`, `snapshot_has_what_a_take_before_it_had` and
//! `tests/every_unit_counts_once/stress.rs`.
//!
//! ## Reads don't pay for threads that have ended
//! After a peak of threads, most blocks have no owner. The sums of their chunks are made by a
//! thread that ends, and reads use the sums in place of these chunks. As threads begin and end, the
//! slots of single blocks are subtracted or added. Slots don't change while their block has no
//! owner, so the sums are right until a thread claims one of the blocks. That claim withdraws the
//! sums first: a read that an add of the new owner happens-before doesn't use them. Nothing is
//! moved or zeroed, so nothing can be counted twice.
//!
//! *Checked by* `idle_block_is_claimed_under_a_summary`,
//! `idle_block_is_claimed_while_it_is_summed_up`, `sum_during_another_summary`,
//! `chunk_growth_under_a_summary`, `chunk_growth_under_a_full_summary`,
//! `chunks_are_seen_whole_after_a_summary`, `sums_before_and_after_the_end_of_a_summary`,
//! `take_and_sum_at_the_end_of_a_summary`, `sums_by_all_chunks_and_by_an_older_summary`,
//! `take_under_a_summary`, `snapshot_under_a_summary`,
//! `up_down_is_never_negative_where_an_idle_block_has_the_addition`,
//! `up_down_is_never_negative_where_an_idle_block_has_the_subtraction`,
//! `float_slot_is_cleared_under_a_summary`; of a summary that counts more blocks or fewer,
//! `sum_while_a_summary_counts_fewer_blocks`, `idle_block_is_claimed_while_it_is_subtracted`,
//! `idle_block_is_claimed_while_it_is_added`, `chunk_growth_while_a_summary_counts_more_blocks`,
//! `float_sums_that_come_to_zero_are_made_anew`; by `reads_after_a_peak_walk_few_chunks` and the
//! bursts of threads in `tests/every_unit_counts_once/churn.rs`.
//!
//! ## Every unit is in exactly one take
//! A take exchanges the baseline that it read for the total that it summed, and returns the
//! difference. Whatever the interleaving, each take begins where another ended: the differences
//! telescope. The total of an up-down counter can come back to a value that a take has left as the
//! baseline. So its takes have numbers, and one only follows the take whose baseline it read.
//!
//! *Checked by* `takes_share_every_unit`, `takes_of_an_up_down_counter_share_every_unit`,
//! `takes_of_an_up_down_counter_that_comes_back`, `takes_of_a_float_counter_share_every_unit`,
//! `sum_against_takes`, `a_spill_word_that_came_back_to_zero_is_taken_too`, `a_spill_word_that_wrapped_to_zero_is_taken_too`,
//! `tests/every_unit_counts_once/stress.rs` and `tests/every_unit_counts_once/churn.rs`.
//!
//! ## A total never over-reports, also beside a reset
//! A sum reads the baseline before and after the slots, and starts again if it moved: so no new add
//! is set against an old baseline. For an up-down counter it compares the number of takes, since an
//! equal baseline proves nothing there. A counter in slots that another one had counts from the
//! total that it finds in them.
//!
//! *Checked by* `reset_against_add`, `reset_against_add_where_it_spills`,
//! `reset_against_add_in_a_snapshot`, `up_down_sum_against_resets`,
//! `up_down_in_a_snapshot_against_resets`, `takes_of_an_up_down_counter_take_both_parts_at_once`,
//! `sum_against_takes`, `reused_key_starts_from_zero`,
//! `reused_key_starts_from_zero_in_a_slot_of_another_thread`, `float_slot_is_clear_when_reused`.
//!
//! ## Count and buckets of a histogram agree
//! There is no word for the count: it is the sum of the buckets. Each bucket, and the sum of the
//! observed values, is a counter of its own, with all that is promised of one; a read takes them in
//! one walk, and starts again if a take moved one of their baselines. An observation adds to its
//! bucket and to the sum one after the other, so a read may have one of the two.
//!
//! *Checked by* `observation_is_seen_in_parts`, `reset_against_observation`,
//! `reset_against_observation_where_it_spills`, `takes_share_every_observation`,
//! `total_in_used_slots`, and by `tests/properties`, which compare histograms with a list of values.
//!
//! ## A peak has every observation, in each reader's windows, too
//! The greatest value of all is the greatest of what threads keep in slots of their own. A reader
//! that ends a window reads what they keep for it. Threads write to these slots again two windows
//! later, and a reader clears them before that. A thread that stored a value looks whether the
//! window has ended meanwhile, and observes again in the new one: the reader sees the value, or the
//! thread sees the new window. So every observation is in a window during which it was made, and
//! perhaps in two. A cursor gets what other cursors took. (Two flags, each stored before the other
//! is loaded: Dekker's algorithm.)
//!
//! One later window may have the value, too, if a whole window passes while the thread stands
//! between its look at the window and its store: the slot is that later window's by then.
//!
//! *Checked by* `every_reader_has_every_value`, `values_of_two_threads`,
//! `windows_have_no_value_of_an_earlier_one`, `lower_value_is_in_the_next_window`,
//! `lower_value_is_in_the_next_window_but_one`, `value_that_windows_overtake_is_in_a_later_one`,
//! `spilled_value_is_in_one_window`, `peak_in_used_slots_is_clear`,
//! `peak_is_clear_in_slots_that_its_thread_used`, by `a_peak_in_slots_of_another_is_clear`,
//! `no_peak_is_missed_by_any_reader`, `windows_of_one_thread_are_exact` and
//! `cursors_have_windows_of_their_own`.
//!
//! ## An up-down counter whose subtractions follow their additions is never read below zero
//! Subtractions are summed first, with Acquire, from stores with Release; additions are summed
//! after it, and so has every addition that came before a subtraction which was seen.
//!
//! *Checked by* `up_down_is_never_negative`, `up_down_is_never_negative_where_it_spills`,
//! `up_down_is_never_negative_where_the_addition_spills`,
//! `up_down_in_a_snapshot_is_never_negative`.
//!
//! ## An up-down counter's sum has no addition that was already undone
//! An addition after the sum of the subtractions counts, and the subtraction that follows it
//! doesn't. So the subtractions are summed again after the additions, until two of their sums
//! agree: with what was added between them, that is what the counter had at some time, as additions
//! are stored with Release and summed with Acquire, too. Where the sums don't agree 16 times in a
//! row, the least difference is returned, which may have some of these additions.
//!
//! *Checked by* `up_down_that_alternates_is_seen_in_one_of_two_states`.
//!
//! ## A forked child has its parent's totals and its own
//! Its memory is a copy of the parent's, with all slots. Its thread has the block that the parent's
//! had, and the blocks of the parent's other threads stay in its sums.
//!
//! *Checked by* `the_child_has_the_parents_totals_and_its_own`,
//! `a_child_of_a_child_goes_on_counting`.
//!
//! ## A forked child doesn't wait for threads that it doesn't have
//! The forking thread holds all locks of quipu during the fork, so the child finds them as it left
//! them. A fork runs the handlers that it finds at its start, and other threads may use quipu
//! meanwhile: so the handlers are registered before any thread can, by a constructor of the object
//! that has this copy of quipu (`.init_array`, or `__mod_init_func` on Apple's systems). It runs
//! before `main`, or within `dlopen`. Where there is none, and before it runs, the first use
//! registers the handlers, before it takes a lock. Each copy of quipu in a process has handlers of
//! its own.
//!
//! *Checked by* `tests/forks`, `a_child_forked_amid_sets_can_set_and_read`,
//! `a_child_forked_amid_work_makes_counters`, `a_forked_child_has_no_passes_of_other_threads`.
//!
//! A first use amid a fork's handlers was also tried 40 times each, on x86_64 Linux, in a binary
//! that has quipu through another crate, in a cdylib that C code is linked to or that is loaded by
//! `dlopen`, and in a static library in C, with and without `--gc-sections`: each in a debug build,
//! with thin and fat LTO, without LTO, and with one codegen unit; and in static binaries of glibc
//! and musl. No child hung. Apple's section was not tried.
//!
//! ## No lock is held for long
//! A lock of the registry is held for a few searches, copies and list operations, whatever the
//! number of threads, of names and of an array's elements. Slots are allocated, summed and cleared
//! without a lock: those that are not yet published are the registering thread's alone. So a first
//! add, the start or end of a thread and a fork wait for a short time only, also beside snapshots.
//!
//! *Measured by* `benches/holds.rs`: `RUSTFLAGS='--cfg quipu_holds' cargo bench --bench holds`
//! prints the longest hold of each kind of work.
//!
//! ## A gauge has the value that was set last, and all that was added since
//! A gauge is one word, and all threads see the changes of one word in one order. A gauge with a
//! name has a word of the registry's. Where none can be had, a change goes to a word in the gauge
//! instead, which never changes again once the gauge has the other: a registration that meets such a
//! change leaves the gauge as it is. So the value is the sum of the two words, and a set stores the
//! difference. A gauge of floats is what was set last and the moves since then; sets, reads and
//! snapshots take turns, so that none sees one part without the other.
//!
//! *Checked by* `gauge_is_registered_beside_a_nested_set`,
//! `gauge_has_the_last_of_two_sets_beside_a_nested_set`,
//! `gauge_is_registered_beside_a_nested_add`, `gauge_in_a_snapshot_beside_its_first_set`,
//! `float_gauge_in_a_snapshot_beside_a_set`, `no_set_of_a_gauge_is_lost`,
//! `a_gauge_has_what_is_added_within_its_own_registration`; by random programs in
//! `tests/properties/gauges.rs`.
//!
//! ## A float total is finite
//! An amount is at most 2⁹⁵⁹ ([`FloatCounter::MAX_AMOUNT`](crate::FloatCounter::MAX_AMOUNT)). So
//! 2⁶⁴ adds come to 2¹⁰²³, and to a little more for rounding; the largest `f64` is nearly twice
//! that. No slot exceeds 2¹⁰¹²: half the distance from there to the next float is 2⁹⁵⁹, and what is
//! added is rounded away. The difference of two finite totals is a number.
//!
//! *Checked by* `a_slot_stops_at_its_limit`, `the_sum_of_slots_at_their_limit_is_finite`,
//! `the_largest_amounts_stay_finite` and `sums_and_takes_are_finite`.
//!
//! ## Cursors miss nothing and disturb no one
//! A cursor keeps the total that it saw, which takes do not change.
//!
//! *Checked by* `cursors_deltas_add_up`, and a state machine of the whole interface against a plain
//! model (`tests/properties/model.rs`).
//!
//! ## A snapshot shows a counter whole or not at all
//! It copies the list of names in pieces, and reads the slots without a lock. A change has a
//! number. A counter that is dropped is marked with that of its change, which also adds what it had
//! to the total of its name; a snapshot that copied the total before counts the counter, one that
//! copied it after doesn't. Slots and totals that are taken off the list stay as they are until the
//! snapshots that began before the change are over.
//!
//! *Checked by* `snapshot_during_registration`, `snapshot_during_reuse`,
//! `snapshot_during_reuse_of_a_gauge`, `snapshot_during_a_drop`, `snapshot_during_two_drops`,
//! `snapshot_during_the_drop_of_an_array`, `snapshot_while_a_name_changes_hands`,
//! `slots_of_a_dropped_counter_come_back_after_a_pass`.
//!
//! ## A name's total never falls
//! In a snapshot, a name of counters that only grow has all that was ever added under it: takes and
//! resets move baselines, which it doesn't look at, and what a dropped counter had is added to a
//! total that is kept as long as the process runs. Floats are summed exactly (Kulisch's long
//! accumulator) and rounded once, so that neither a drop nor the order of the counters moves the
//! last bit. The total goes only where its last counter was dropped and a counter of another kind,
//! or with other labels, wants the name.
//!
//! *Checked by* `total_in_a_snapshot_beside_resets`, `snapshot_during_a_drop`,
//! `a_total_has_nothing_of_others_that_had_the_slots`,
//! `a_float_total_never_falls_and_depends_on_no_order`, the torture of named counters in
//! `tests/every_unit_counts_once/stress.rs`, and the properties of `src/tests/float_sum.rs` and
//! `tests/properties/model.rs`.
//!
//! ## A family's total has every unit, and never falls
//! A family of labels that are known at run time (feature `dynamic-labels`) takes series out: by
//! name, or because they were idle. A thread may be adding to one, found in its cache, and others
//! may have handles. So what is taken out stays until nobody else holds it; then what it had is added
//! to sums that the family keeps. The end of a hold is Release and the look for others Acquire, so
//! the sums have every add. A reader of the total finds each series in one of three places, under
//! one lock. Floats are summed exactly, as above. A family has at most as many series as its limit:
//! the number is taken before a series is made. Look-ups beyond it count in the overflow series.
//!
//! *Checked by* `make_against_make`, `make_against_eviction`, `add_against_removal`,
//! `total_against_removal`, `handle_against_eviction`, `removal_against_cached_look_up`,
//! `limit_is_never_exceeded`, `threads_that_make_series_at_once_never_exceed_the_limit`,
//! `what_exceeds_a_limit_goes_to_the_overflow_series`,
//! `a_handle_outlives_the_removal_of_its_series`, `look_ups_nest`,
//! `a_family_has_what_is_added_within_its_own_work`, `no_unit_of_a_family_is_lost`,
//! `no_client_makes_a_family_grow_beyond_its_bound`, the torture of families in
//! `tests/every_unit_counts_once/stress.rs`, and the properties of
//! `tests/properties/dynamic_family.rs`.
//!
//! ## A counter costs 8 bytes for each thread
//! A thread allocates the chunks of slots that it touches. The slots of a dropped counter go to a
//! new one, and the block of a thread that has ended to a new thread. Baselines are allocated for
//! what is taken and for slots that another counter had, those of spill words only where there is
//! something in them.
//!
//! *Checked by* `tests/memory`, `blocks_stay_at_the_peak_of_concurrent_threads`,
//! `the_shortest_run_that_is_long_enough_and_of_those_the_lowest_is_used_again`.
//!
//! ## The strategies are as accurate as they say
//! - `SingleAtomic`, `Locked`, `Striped`: each add is one read-modify-write of one word, or under
//!   the lock. `PerThread` is a [`Counter`](crate::Counter).
//! - `Adaptive`: each add ends in one exchange, or one locked add, of one word. It uses no cell but
//!   those below a length that it acquired; their segment was made before the length was published
//!   with Release. Cells stay until the counter is dropped. *Checked by* `adaptive_is_exact`,
//!   `adaptive_grows_once_where_two_want_it`, `adaptive_is_exact_where_two_collide_with_a_third`,
//!   `adaptive_grows_when_two_collide_and_only_then`.
//! - `Cached`: a thread carries over each multiple of its batch that its slot passes. So a slot
//!   keeps back less than a batch, and one that another counter had begins with less than a batch.
//!   *Checked by* `cached_is_within_its_bound`, `cached_keeps_its_bound_in_slots_that_others_had`.
//! - `Approximate`: a step of `d` at a chance of `1 / d` is right on average. Its variance is below
//!   `d`, which is at most the count / 4096: in all, at most c² / 8192. *Checked by*
//!   `approximate_errs_as_documented`, on 300 counters.
//! - `PerCpu`: the kernel lets no two threads of a CPU be inside the sequence, whose last
//!   instruction is its only store to a slot; what is interrupted before it begins anew, on the CPU
//!   where it then is. *Checked by* `tests/strategies/per_cpu.rs`, with threads that are moved and
//!   interrupted, and without restartable sequences.
//!
//! *All of them are checked by* `tests/strategies`, all but `PerCpu` by the models in
//! `src/tests/strategies.rs`, the exact ones by `tests/every_unit_counts_once/stress.rs`.
//!
//! ## A store never has more than was added, and has all of it after a flush
//! This is the package `quipu-persist`, and no matter of memory orderings but of what a store and a
//! network may do. Each add is in one row at most, at every moment:
//!
//! - A slot has one owner: a claim and a batch compare and set the slot's lease, which has the owner's
//!   name and the number of its claim. The name is 128 random bits that no claim had before. So a
//!   batch of an earlier owner is refused, however late it comes.
//! - A batch is stored once: it names the one before it, and the lease has the last one. Of several
//!   attempts after the same batch one at most is stored, and the lease says which.
//! - A row is what earlier owners left, which the claim returned once nobody else could write there, plus
//!   what the owner counted, without what other slots have of it. A total is read before it is sent, so it is at most
//!   what was added.
//! - An owner that lost its slot is told so by the lease, with its last batch that is stored. So it
//!   knows what of its counts stays there, and writes the rest to another slot.
//! - A store that went back or forth to a copy has another last batch, or another owner. The process
//!   looks at all slots that it remembers, and writes again what is missing. If it
//!   can't know a slot's content, it assumes that everything it sent was stored.
//!
//! A flush sends all rows again, so one that succeeds brings the store up to date whatever was lost
//! before. A process tracks a counter once at a time, and a forked child begins after what it
//! inherited. The sum of rows with one writer each is that of a state-based CRDT, the PN-Counter of Shapiro, Preguiça,
//! Baquero and Zawirski, "A comprehensive study of convergent and commutative replicated data types",
//! INRIA research report 7506 (2011). Leases are those of Gray and Cheriton (1989), and the number of
//! the claim is a fencing token, as in Chubby. Each bucket of a histogram is a counter of its own, so
//! their sums over the slots are exact, too.
//!
//! *Checked by* a model of the ledger and the store in memory, as they are, in every order of events
//! within bounds (`crates/quipu-persist/src/ledger/model.rs`, with stateright), and tests of several
//! attempts after one batch (`crates/quipu-persist/src/account.rs`); by random rounds of lost answers, lost slots, kills and restores
//! in `crates/quipu-persist/tests/model`; by `crates/quipu-persist/tests/processes.rs`, with forks,
//! kills and stops; by `crates/quipu-persist/tests/twins`: the same calls of every store and of the
//! one in memory; by `crates/quipu-persist/tests/stores`: rounds of faults with real servers, which
//! compare the store with the adds after each step and fail if a kind of fault was not met.
//! `ci/services` runs those that need a server. In `crates/quipu-persist/tests/cassandra`, three real
//! nodes are stopped, killed and cut from each other, and so are processes that count, some with
//! wrong clocks: `ci/cassandra/run --whole`. Its 300 rounds passed on 27 November 2026, and a day later
//! 320 rounds of each other store (`QUIPU_ROUNDS=320`: see `ci/services`).
//!
//! # What a read orders
//! An add is Relaxed, and so is a read. With fences they order as an `AtomicU64` with relaxed
//! `fetch_add`s does: a thread writes something, passes a fence with Release and adds; another one
//! reads, sees the add, and passes a fence with Acquire. Then it sees what was written. All adds to
//! an `AtomicU64` continue each other's release sequences. A slot is stored to, and a store ends
//! the sequence. But all stores to a slot are of one thread, whose fences add up. Where a block
//! changes hands, the next owner executes a Release fence. It covers all writes of the last owner.
//!
//! | read | does it show what came before a fence and the add? | shown by |
//! |---|---|---|
//! | `sum`, `total`, `take`, cursors, snapshots: the add of a thread, of a handle, of a destructor | yes | `proof/hand_over.c`, the tests `sum`, `total`, `take`, `cursor`, `snapshot_of_a_counter`, `sum_of_an_element`, `sum_of_what_is_added_by_handles`, `sum_of_what_is_added_in_destructors` |
//! | the same, after the block of that thread went to another one, which adds, too | yes, by the fence in `claim` | `adds_of_two_owners_show_what_came_before_them`, `proof/hand_over.c`, the same tests |
//! | the same, in slots that another counter had | yes | the test `sum_in_used_slots` |
//! | the same, by the sums of idle threads' slots | yes | `summary_shows_what_came_before_the_adds_in_it` |
//! | spill words; an `AtomicU64` | yes, as each add is a `fetch_add` | `proof/hand_over.c` with `-DATOMIC`, the test `atomic` |
//! | [`FloatCounter`](crate::FloatCounter), [`FloatGauge`](crate::FloatGauge) | yes | the tests `sum_of_floats`, `value_of_a_gauge_of_floats` |
//! | [`UpDownCounter`](crate::UpDownCounter) | yes: the stores are Release, and the read has the fence | `up_down_is_never_negative`, `proof/hand_over.c` with `-DUP_DOWN`, the tests `sum_of_what_goes_up`, `sum_of_what_goes_down` |
//! | [`Histogram`](crate::Histogram) | yes, by the bucket and by the sum of the values, each | the test `snapshot_of_a_histogram` |
//! | [`Peak`](crate::Peak), [`Trough`](crate::Trough): a thread's greatest value, or its greatest in a window | yes; the thread's other values leave no trace | the tests `peak`, `window_of_a_peak` |
//! | [`Gauge`](crate::Gauge) | as an `AtomicI64`: a `set` shows what came before itself, and hides the fences of earlier changes | the test `value_of_a_gauge` |
//! | `take` or `reset`, as that which is seen | yes, without a fence: the baseline is stored with Release | the test `reset` |
//! | [`Cached`](crate::strategy::Cached) | yes, of all that is carried over, also of what the slot's last owner left | `proof/hand_over.c` with `-DCARRIES`, the test `cached` |
//! | `Adaptive`, `Approximate`, `Locked`, `SingleAtomic`, `Striped`, `PerCpu` without sequences | yes: each add that is counted is one change of a word, or under a lock | `proof/hand_over.c` with `-DATOMIC`, the test `other_strategies` |
//! | `PerCpu` with sequences | yes, on x86_64, the only processor that has them: each core's stores become visible in their order, and the kernel's change of threads keeps it | on paper: no tool knows the sequence |
//! | a dropped counter, in a total of its name | yes, without a fence: the adds happen-before the drop, which the locks of the names order before the snapshot | `snapshot_during_a_drop` |
//! | `taken` | no: it is what takes wrote, and looks at no slot. Nor does a second `AtomicU64` to which the takes of the first are added | `proof/taken.c` |
//!
//! The tests are in `tests/reads_order.rs`, for Miri with many seeds: without the fence in `claim`,
//! they fail in 13 of 16. The programs are for GenMC, and `proof/README.md` has them all. A row
//! without a model of loom or a program has the orderings of the second row: only the sum is made
//! of other slots. A summary needs 64 threads at once, for which Miri takes too long. A spill word is an
//! `AtomicU64` of its own, so the test `atomic` stands for it.
//!
//! A program that replaces an `AtomicU64` loses this:
//!
//! - **One order of all adds.** A sum may have an add, and lack another thread's add that came
//!   before it, also where the later thread knew of the earlier add. Two readers may see two adds
//!   in different orders. (`proof/two_adders.c`; both are so on every processor, as a sum loads one
//!   slot after the other. A fence of the later thread before its add, and one of a reader that
//!   sums again after it, put the first in order.)
//! - **The order of a reset and a later add by another thread**: the third parties below.
//! - **An add that synchronises by itself**, and tells the count before it. `fetch_add` may be
//!   Release or Acquire. Here a fence is needed, and there is nothing that is returned.
//!
//! # How the models are kept honest
//! Each model collects what it saw over all schedules, and asserts that this is the set of legal
//! outcomes: none other, and none missing. loom 0.7 needs help to see them all. Of a thread that
//! loads and then stores an atomic it remembers the load only, so that another thread's earlier
//! load is never tried after the store: the owner's load of its slot is an unsynchronised one under
//! loom, which also reports a second writer; and models start their readers last.
//!
//! # Miri
//! `ci/miri` runs the tests of the library, of its interface, of the strategies, of other sources, of
//! what a read orders, and the torture in Miri, in small sizes. Each seed is another execution: other
//! schedules, and for each atomic read any value that C11's weak memory allows without load
//! buffering. Miri checks data races and leaks in each seed, and in some Stacked Borrows with strict
//! provenance, and Tree Borrows.
//!
//! On 28 November 2026, 10,662 executions found no undefined behaviour, no data race and no leak, on
//! 2 cores, beside other work. `ci/miri --whole` made 9,552 of them in 41 minutes, without the
//! interface and the torture: 344 seeds of what a read orders, 64 of the strategies, 32 of the library
//! and 16 of other sources. `ci/miri 2..3 api` made 1,030 of the interface in 61 minutes, with both
//! Stacked and Tree Borrows, and the torture made 80. Before that, Miri found one wrong rank of a quantile, in a test that is smaller there,
//! and a peak that missed a value in slots which its thread had used before
//! (`a_peak_in_slots_of_another_is_clear`).
//!
//! Left out, where they stand in the tests, are:
//! - forks, processes that a test starts, and keys of POSIX, which Miri hasn't;
//! - the restartable sequence, which is machine code: `PerCpu` runs without it;
//! - tests with an allocator of their own, and those of memory, which count what Miri allocates, too;
//! - the sum of floats beside whole numbers, whose powers Miri computes with errors at random;
//! - `Locked` by parking_lot, which makes pointers of numbers;
//! - properties with random programs and texts, which take Miri minutes to make, and a parser of the
//!   text format, whose regular expressions do;
//! - two tests of layouts and of slots that are arithmetic alone, and two of clashes that take many
//!   snapshots;
//! - 100,000 counters, 1,000 threads at once, and the accuracy of `Approximate`, which take too long.
//!
//! # What is not covered
//! - **Signal handlers.** A handler that adds to a counter while the thread that it interrupts is
//!   between the load and the store of an add to the same counter loses one of the two. On x86_64
//!   the compiler mostly makes one instruction of the three, which a signal can't divide; nothing
//!   promises that it does.
//! - **Third parties to a reset on weak memory.** A sum that sees an add made after a reset sees
//!   the reset, if the thread that reset made the add. If another thread made it, after it learned
//!   of the reset, C++'s memory model allows that the sum doesn't (`proof/reset_beside_add.c` with
//!   `-DBY_ANOTHER_THREAD`). x86_64 and aarch64, whose stores become visible to all other cores at
//!   once, don't; nor does POWER, whose barriers count for what comes after by way of other threads
//!   (`proof/litmus/third_party.*`, by herd7).
//! - **Hardware.** The tests ran on processors of x86, and under emulations of others by such a
//!   processor ([platforms](super::platforms)), which are never weaker than it. For the orderings of
//!   aarch64 and POWER there are the loom models and the litmus tests in `proof`.
//! - **loom's own limits**: schedules of at most three preemptions, two to four threads, no load
//!   buffering (two threads, each of which loads what the other one stores later), and no SeqCst
//!   reorderings that are weaker than Acquire and Release. Only the two fences of a peak are
//!   SeqCst. The programs in `proof` are of the protocol's core; GenMC tries all their executions
//!   that RC11 allows, and those that IMM does, which has load buffering.
//! - **ThreadSanitizer** knows no fences and doesn't follow std's locks, which come compiled: it
//!   checks the plain data behind quipu's own lock, which spins under `--cfg quipu_tsan`. The
//!   orderings of atomics are loom's to check.
//! - **The restartable sequence** of `PerCpu` is machine code, in which neither loom nor a
//!   sanitizer looks.
//! - **Signal handlers that interrupt an allocation**: a first add there allocates, as `malloc` in
//!   a handler would. So may the drop of the last handle of a thread whose thread-locals are gone.
//! - **An allocator that counts** through quipu needs a std that lets an allocator register
//!   thread-local destructors: Rust 1.93 or newer; tests ran on 1.95.
//! - **Thread-locals under keys of the system** (Windows with the GNU tools, Android, OpenBSD): the
//!   first add of a thread has std allocate there, which aborts on failure.
//! - **A snapshot on allocation failure** aborts, as any `Vec` that can't grow does. Adds and sums
//!   don't allocate there.
//! - **Stores**: the bound holds for totals that only grow; what an up-down counter adds and takes
//!   away may arrive at different times. A request that its network delays until after its store
//!   was restored may be counted until the next check, and so may one between two restores in the
//!   midst of a flush. Cassandra's three nodes ran on one machine, and ScyllaDB wasn't tried. Power cuts
//!   were not tried, and an owner's random name is taken to be new. The page of `quipu-persist` has the rest.
//! - **A fork within an allocator** that quipu is calling, or within a signal handler that
//!   interrupts quipu's cold path.
//! - **A program's own fork handler that waits for a lock** which another thread holds while it
//!   adds for the first time, creates or drops a counter: the fork has quipu's locks by then, and
//!   both wait for ever. So does an allocator that counts while it holds a lock which it needs for
//!   quipu's own allocations.
//! - **A first use amid a fork's handlers**, of a copy of quipu that was loaded after that fork
//!   began, or on a system without constructors: glibc from 2.36 on lets another thread register
//!   handlers then, which this fork doesn't run. In a C library that holds its lock of handlers
//!   meanwhile (glibc before 2.36, musl), a handler that loads quipu, or is the first to use it on
//!   such a system, waits for ever.
//! - **A gauge in a forked child** that another thread of the parent was changing for the first time,
//!   within an allocator that counts: the child's gauge has its value, and may never be listed.
//! - **Memory in a forked child**: the blocks of the parent's other threads stay in its sums, and
//!   nobody claims them again.
//! - **Coroutines with stacks of their own** that move between threads: compilers may keep a
//!   thread-local's address over the move, and two threads would write one slot. So they would
//!   through a handle, which must not move to another thread.
//! - **A handle that is forgotten**, or dropped within an allocator that quipu is calling: the slots
//!   of its thread are in every sum, and no later thread reuses them.
//! - **A counter that is dropped within an allocator** that quipu is calling, or on allocation
//!   failure, stays listed, with what it had, and its slots are never reused.
//! - **`_Fork`, a raw `clone` and `vfork`** run no fork handlers. A child of the first two may find
//!   quipu's locks taken for ever. A child of `vfork` has its parent's memory: what it adds, the
//!   parent has.
//! - **Several copies of quipu in a process**: each counts in slots of its own. Copies that are
//!   linked with one quipu-registry, as two versions in one program are, show each other's counters
//!   in snapshots; a library that is loaded with a quipu-registry of its own doesn't.
//! - **Other sources in a snapshot** are asked one after the other, and what they show is their own
//!   promise. In a child that was forked while another thread was registering a source of its own,
//!   a later registration may wait for ever; quipu's own registration holds a lock that a fork
//!   waits for.
//! - **A library that is unloaded** while it holds quipu's fork handlers or a thread with its
//!   thread-locals.
