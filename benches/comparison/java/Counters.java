import java.util.Scanner;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures LongAdder and AtomicLong. Each line of the standard input is "add|read|take LongAdder|AtomicLong threads
 * times"; it is answered with nanoseconds and a sum.
 */
public class Counters {
    interface Counter {
        void add(long times);

        long sum();

        long take();
    }

    static final class OfLongAdder implements Counter {
        final LongAdder adder = new LongAdder();

        public void add(long times) {
            for (long i = 0; i < times; i++) {
                adder.increment();
            }
        }

        public long sum() {
            return adder.sum();
        }

        public long take() {
            return adder.sumThenReset();
        }
    }

    static final class OfAtomicLong implements Counter {
        final AtomicLong atomic = new AtomicLong();

        public void add(long times) {
            for (long i = 0; i < times; i++) {
                atomic.incrementAndGet();
            }
        }

        public long sum() {
            return atomic.get();
        }

        public long take() {
            return atomic.getAndSet(0);
        }
    }

    static Counter make(String kind) {
        return kind.equals("LongAdder") ? new OfLongAdder() : new OfAtomicLong();
    }

    /** Lets threads add at the same time. Returns the nanoseconds from the first one's start to the last one's end. */
    static long together(Counter counter, int threads, long times, Runnable meanwhile) throws Exception {
        CyclicBarrier barrier = new CyclicBarrier(threads);
        long[] starts = new long[threads];
        long[] ends = new long[threads];
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            int index = i;
            workers[i] = new Thread(() -> {
                try {
                    barrier.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                starts[index] = System.nanoTime();
                counter.add(times);
                ends[index] = System.nanoTime();
            });
            workers[i].start();
        }
        for (Thread worker : workers) {
            while (worker.isAlive()) {
                meanwhile.run();
                worker.join(0, 100_000);
            }
        }
        long start = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        for (int i = 0; i < threads; i++) {
            start = Math.min(start, starts[i]);
            end = Math.max(end, ends[i]);
        }
        return end - start;
    }

    static String answer(String what, String kind, int threads, long times) throws Exception {
        Counter counter = make(kind);
        switch (what) {
            case "add": {
                long nanos = together(counter, threads, times, () -> {});
                return nanos + " " + counter.sum();
            }
            case "read": {
                together(counter, threads, 1000, () -> {});
                long start = System.nanoTime();
                long sum = 0;
                for (long i = 0; i < times; i++) {
                    sum ^= counter.sum();
                }
                return (System.nanoTime() - start) + " " + (sum & 1);
            }
            case "take": {
                long[] taken = new long[1];
                long nanos = together(counter, threads, times, () -> taken[0] += counter.take());
                return nanos + " " + (taken[0] + counter.take());
            }
            default:
                throw new IllegalArgumentException(what + ": expected add, read or take");
        }
    }

    public static void main(String[] arguments) throws Exception {
        // Until the loops are compiled.
        for (int i = 0; i < 5; i++) {
            answer("add", "LongAdder", 2, 2_000_000);
            answer("add", "AtomicLong", 2, 2_000_000);
        }
        Scanner scanner = new Scanner(System.in);
        while (scanner.hasNext()) {
            System.out.println(answer(scanner.next(), scanner.next(), scanner.nextInt(), scanner.nextLong()));
            System.out.flush();
        }
    }
}
