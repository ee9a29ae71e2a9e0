package opcua

import (
	"testing"

	"sluice/tests/servers"
)

// peerTest is a test with a server that is not ours.
type peerTest struct {
	name string
	run  func(*testing.T, *servers.OPCUA)
}

// withPeer runs tests with one server, which takes seconds to start. Each finds
// it without the sessions of the one before.
func withPeer(t *testing.T, peer *servers.OPCUA, tests []peerTest) {
	t.Helper()
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			peer.Tell(t, "drop-subscriptions") // what a connection that was lost has left there
			peer.Tell(t, "forget-sessions")
			c.run(t, peer)
		})
	}
}

func TestNodeOPCUA(t *testing.T) {
	withPeer(t, servers.NodeOPCUA(t), []peerTest{
		{"policies and modes", everyPolicyAndMode},
		{"untrusted", untrustedServer},
		{"trust over routes", trustOverRoutes},
		{"users", users},
		{"discovery", discoverPeer},
		{"events", eventsOfPeer},
		{"resources of the section", setWritable},
		{"suite of subscribers", subscriberSuite},
		{"reconnects leave nothing", reconnectsLeaveNothing},
		{"paused while away", pausedWhileAway},
		{"methods", methods},
		{"values", values},               // from here on it has others
		{"subscriptions", subscriptions}, // in the end it refuses transfers, and is gone
	})
}

// TestMachines is about machines with all types of values.
func TestMachines(t *testing.T) {
	withPeer(t, servers.NodeOPCUAMachines(t, false), []peerTest{
		{"browse", browsePeer},
		{"types", everyType},
		{"writes", writesOfEveryType},
		{"structures", structuresOfPeer},
		{"writes of structures", writesOfStructures},
		{"long answers", longAnswers},
		{"colliding server", collidingServer},
		{"profiles", profilesAgainstPeer}, // from here on the machines have other values
		{"methods with structures", methodsWithStructures},
		{"changes of structures", changesOfStructures},
	})
}
