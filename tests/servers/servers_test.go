package servers

import "testing"

func TestServersStartAndComeBack(t *testing.T) {
	for _, start := range []func(testing.TB) *Process{Redis, Mosquitto, Consul} {
		p := start(t)
		p.Kill()
		if err := dial(p.Port)(t.Context()); err == nil {
			t.Errorf("%s still listens after Kill", p.name)
		}
		p.Start(t)
	}
}
