import io.atomix.cluster.Node;
import io.atomix.cluster.discovery.BootstrapDiscoveryProvider;
import io.atomix.core.Atomix;
import io.atomix.core.AtomixBuilder;
import io.atomix.core.counter.AtomicCounter;
import io.atomix.protocols.raft.MultiRaftProtocol;
import io.atomix.protocols.raft.ReadConsistency;
import io.atomix.protocols.raft.partition.RaftPartitionGroup;
import io.atomix.storage.StorageLevel;
import java.util.ArrayList;
import java.util.List;

/** Members of a cluster of Atomix with Raft, and a client. */
final class Atomixes {
    private Atomixes() {}

    private static AtomixBuilder builder(Place place, String name) {
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            nodes.add(Node.builder().withId("member-" + i).withAddress("127.0.0.1", place.ports()[i]).build());
        }
        return Atomix.builder()
            .withMemberId(name)
            .withAddress("127.0.0.1", place.advertised())
            .withMessagingInterface("127.0.0.1")
            .withMessagingPort(place.port())
            .withMembershipProvider(new BootstrapDiscoveryProvider(nodes));
    }

    private static RaftPartitionGroup group(String name, Place place) {
        return RaftPartitionGroup.builder(name)
            .withNumPartitions(1)
            .withMembers("member-0", "member-1", "member-2")
            .withStorageLevel(StorageLevel.DISK)
            .withFlushOnCommit()
            .withDataDirectory(place.folder().resolve(name).toFile())
            .build();
    }

    /** Returns at once: a member is ready when a majority is. */
    static void serve(Place place) {
        builder(place, "member-" + place.index())
            .withManagementGroup(group("system", place))
            .withPartitionGroups(group("data", place))
            .build()
            .start();
    }

    static Counting counting(Place place) {
        Atomix client = builder(place, "client").build();
        client.start().join();
        AtomicCounter counter = client.atomicCounterBuilder("likes")
            .withProtocol(MultiRaftProtocol.builder().withReadConsistency(ReadConsistency.LINEARIZABLE).build())
            .build();
        return new Counting() {
            public void increment() {
                counter.incrementAndGet();
            }

            public long value() {
                return counter.get();
            }
        };
    }
}
