package bench

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/stack"
)

const (
	topicIn  = "bench/in"
	topicOut = "bench/out"
	// floorVariable makes the test binary the floor: its value is the broker.
	floorVariable = "SLUICE_BENCH_FLOOR"
)

// TestMain runs the floor where it is asked for, else the tests.
func TestMain(m *testing.M) {
	if broker := os.Getenv(floorVariable); broker != "" {
		runFloor(broker)
		return
	}
	os.Exit(m.Run())
}

// runFloor is the least that any consumer costs: a paho subscriber that
// decodes nothing and forwards one message in ten.
func runFloor(broker string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	n := 0
	o := mqtt.NewClientOptions().AddBroker(broker).SetClientID("floor").SetOrderMatters(true)
	c := mqtt.NewClient(o)
	if t := c.Connect(); t.Wait() && t.Error() != nil {
		fmt.Fprintln(os.Stderr, t.Error())
		os.Exit(1)
	}
	t := c.Subscribe(topicIn, 0, func(c mqtt.Client, m mqtt.Message) {
		if n%10 == 9 {
			c.Publish(topicOut, 0, false, m.Payload())
		}
		n++
	})
	if t.Wait() && t.Error() != nil {
		fmt.Fprintln(os.Stderr, t.Error())
		os.Exit(1)
	}
	fmt.Println("subscribed")
	<-stop
	c.Disconnect(100)
}

// startFloor starts the floor as a process of its own.
func startFloor(b *testing.B, broker string) *stack.Process {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	return stack.Start(b, []string{floorVariable + "=" + broker}, self, "-test.run", "^$")
}
