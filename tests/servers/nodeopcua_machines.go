package servers

import "testing"

// NodeOPCUAMachines is a NodeOPCUA with machines and structures: machines.js says
// which. With other, the ids of its data types stand for other structures.
func NodeOPCUAMachines(t testing.TB, other bool) *OPCUA {
	t.Helper()
	env := []string{"MACHINES=1"}
	if other {
		env = append(env, "OTHER_TYPES=1")
	}
	return nodeOPCUAWith(t, env)
}
