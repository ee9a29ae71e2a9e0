package servers

import "testing"

func TestServersStartAndComeBack(t *testing.T) {
	for _, p := range []*Process{Redis(t), Mosquitto(t), Consul(t)} {
		p.Kill()
		if err := dial(p.Port)(t.Context()); err == nil {
			t.Errorf("%s still listens after Kill", p.name)
		}
		p.Start(t)
	}
}
