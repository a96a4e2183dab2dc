import org.jgroups.JChannel;
import org.jgroups.blocks.atomic.SyncCounter;
import org.jgroups.raft.blocks.CounterService;
import org.jgroups.raft.blocks.RaftSyncCounter;

/** Members of a group of JGroups, each of which has a counter of the group. */
final class Groups {
    private static final String COUNTER = "likes";

    private Groups() {}

    private static JChannel channel(String stack, Place place) throws Exception {
        System.setProperty("port", Integer.toString(place.port()));
        System.setProperty("advertised", Integer.toString(place.advertised()));
        System.setProperty("hosts", place.members("127.0.0.1[%d]", ","));
        System.setProperty("member", Integer.toString(place.index()));
        System.setProperty("folder", place.folder().toString());
        return new JChannel(Groups.class.getResourceAsStream(stack)).name(Integer.toString(place.index()));
    }

    private static Counting counting(SyncCounter counter) {
        return new Counting() {
            public void increment() {
                counter.incrementAndGet();
            }

            public long value() {
                return counter.get();
            }
        };
    }

    /** Of the protocol COUNTER: the number is in the memory of the coordinator, which is the oldest member, and of the next. */
    static Counting plain(Place place) throws Exception {
        JChannel channel = channel("counter.xml", place);
        var counters = new org.jgroups.blocks.atomic.CounterService(channel);
        channel.connect("cluster");
        return counting(Retries.until(() -> counters.getOrCreateSyncCounter(COUNTER, 0)));
    }

    /** Of jgroups-raft: the number is in the log of each member. */
    static Counting raft(Place place) throws Exception {
        JChannel channel = channel("raft.xml", place);
        CounterService counters = new CounterService(channel).replTimeout(5000).allowDirtyReads(false);
        channel.connect("cluster");
        // The first member has to wait for a majority.
        if (place.index() == 0) {
            return null;
        }
        RaftSyncCounter counter = Retries.until(() -> counters.getOrCreateCounter(COUNTER, 0));
        return counting(counter);
    }
}
