package opcua

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gopcua/opcua/ua"
)

// The library's own subscriptions are not used: they know no gaps, sleep a
// second after each message that they fetch again, and drop what is refused.

// changesPerMessage keeps messages well below the size that is agreed on.
const changesPerMessage = 1000

// call is one service call, with the answer of its type.
func call[T ua.Response](ctx context.Context, s *session, req ua.Request) (T, error) {
	var answer T
	err := s.request(ctx, func() error {
		return s.client.Send(ctx, req, func(r ua.Response) error { return assign(r, &answer) })
	})
	return answer, err
}

func assign[T ua.Response](r ua.Response, to *T) error {
	answer, ok := r.(T)
	if !ok {
		return fmt.Errorf("the server answered with a %T", r)
	}
	*to = answer
	return nil
}

// subscribed is what a server made of a pace.
type subscribed struct {
	id        uint32
	keepAlive time.Duration // between two signs of life
}

func (s *session) createSubscription(ctx context.Context, p pace) (subscribed, error) {
	req := &ua.CreateSubscriptionRequest{
		RequestedPublishingInterval: float64(p.interval) / float64(time.Millisecond),
		RequestedLifetimeCount:      p.lifetime,
		RequestedMaxKeepAliveCount:  p.keepAlive,
		MaxNotificationsPerPublish:  changesPerMessage,
		PublishingEnabled:           true,
	}
	answer, err := call[*ua.CreateSubscriptionResponse](ctx, s, req)
	if err != nil {
		return subscribed{}, err
	}
	s.learnToken(req.RequestHeader)
	return subscribed{
		id:        answer.SubscriptionID,
		keepAlive: time.Duration(answer.RevisedPublishingInterval * float64(answer.RevisedMaxKeepAliveCount) * float64(time.Millisecond)),
	}, nil
}

// learnToken keeps what the server knows the session by. The library tells it
// in the headers of requests alone; publish needs it, because a request of the
// library's client ends with the ordinary time-out. It stays the same: nobody
// writes while a publish request reads it.
func (s *session) learnToken(h *ua.RequestHeader) {
	if h != nil && s.token == nil {
		s.token = h.AuthenticationToken
	}
}

func (s *session) deleteSubscription(ctx context.Context, id uint32) error {
	_, err := call[*ua.DeleteSubscriptionsResponse](ctx, s, &ua.DeleteSubscriptionsRequest{SubscriptionIDs: []uint32{id}})
	return err
}

// createItems watches nodes: as many in one request as the server allows. It
// gives an answer for each request, in the same order, up to an error.
func (s *session) createItems(ctx context.Context, subscription uint32, items []*ua.MonitoredItemCreateRequest) ([]*ua.MonitoredItemCreateResult, error) {
	results := make([]*ua.MonitoredItemCreateResult, 0, len(items))
	err := inParts(len(items), &s.itemsMax, func(from, to int) error {
		answer, err := call[*ua.CreateMonitoredItemsResponse](ctx, s, &ua.CreateMonitoredItemsRequest{
			SubscriptionID: subscription, TimestampsToReturn: ua.TimestampsToReturnBoth, ItemsToCreate: items[from:to],
		})
		if err != nil {
			return err
		}
		if len(answer.Results) != to-from {
			return fmt.Errorf("the server answered %d of %d nodes", len(answer.Results), to-from)
		}
		results = append(results, answer.Results...)
		return nil
	})
	return results, err
}

func (s *session) deleteItems(ctx context.Context, subscription uint32, items []uint32) error {
	return inParts(len(items), &s.itemsMax, func(from, to int) error {
		_, err := call[*ua.DeleteMonitoredItemsResponse](ctx, s, &ua.DeleteMonitoredItemsRequest{
			SubscriptionID: subscription, MonitoredItemIDs: items[from:to],
		})
		return err
	})
}

// transfer takes subscriptions over from a session that is gone. For each it
// gives the messages that the server still has, or nil if it is lost.
func (s *session) transfer(ctx context.Context, ids []uint32) ([]*ua.TransferResult, error) {
	req := &ua.TransferSubscriptionsRequest{SubscriptionIDs: ids}
	answer, err := call[*ua.TransferSubscriptionsResponse](ctx, s, req)
	if err != nil {
		return nil, err
	}
	if len(answer.Results) != len(ids) {
		return nil, fmt.Errorf("the server answered %d of %d subscriptions", len(answer.Results), len(ids))
	}
	s.learnToken(req.RequestHeader)
	return answer.Results, nil
}

// exists tells whether the server still has a subscription of this session. A
// server that does not know the question has been silent for too long.
func (s *session) exists(ctx context.Context, id uint32) (bool, error) {
	answer, err := call[*ua.SetPublishingModeResponse](ctx, s, &ua.SetPublishingModeRequest{PublishingEnabled: true, SubscriptionIDs: []uint32{id}})
	if errors.Is(err, ua.StatusBadServiceUnsupported) {
		return false, nil
	}
	return err == nil && len(answer.Results) == 1 && !isBad(answer.Results[0]), err
}

// republish fetches a message that did not arrive.
func (s *session) republish(ctx context.Context, id, sequence uint32) (*ua.NotificationMessage, error) {
	answer, err := call[*ua.RepublishResponse](ctx, s, &ua.RepublishRequest{SubscriptionID: id, RetransmitSequenceNumber: sequence})
	if err != nil {
		return nil, err
	}
	if answer.NotificationMessage == nil {
		return nil, errors.New("the server answered without the message")
	}
	return answer.NotificationMessage, nil
}

// publish waits for the next message of any subscription, and acknowledges
// those that arrived.
func (s *session) publish(ctx context.Context, acks []*ua.SubscriptionAcknowledgement, patience time.Duration) (*ua.PublishResponse, error) {
	channel := s.client.SecureChannel()
	if channel == nil {
		return nil, errLost
	}
	var answer *ua.PublishResponse
	err := s.request(ctx, func() error {
		return channel.SendRequestWithTimeout(ctx, &ua.PublishRequest{SubscriptionAcknowledgements: acks}, s.token, patience,
			func(r ua.Response) error { return assign(r, &answer) })
	})
	if err == nil && answer.NotificationMessage == nil {
		err = errors.New("the server published without a message")
	}
	return answer, err
}
