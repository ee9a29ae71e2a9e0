package dmi

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// server answers the calls of edgecore.
type server struct {
	pb.UnimplementedDeviceMapperServiceServer
	registry *registry
	outbox   *outbox
}

func (s *server) RegisterDevice(ctx context.Context, in *pb.RegisterDeviceRequest) (*pb.RegisterDeviceResponse, error) {
	id, err := s.registry.putDevice(ctx, in.GetDevice())
	if err != nil {
		return nil, err
	}
	return &pb.RegisterDeviceResponse{DeviceName: id.Name, DeviceNamespace: id.Namespace}, nil
}

func (s *server) UpdateDevice(ctx context.Context, in *pb.UpdateDeviceRequest) (*pb.UpdateDeviceResponse, error) {
	_, err := s.registry.putDevice(ctx, in.GetDevice())
	return &pb.UpdateDeviceResponse{}, err
}

func (s *server) RemoveDevice(ctx context.Context, in *pb.RemoveDeviceRequest) (*pb.RemoveDeviceResponse, error) {
	return &pb.RemoveDeviceResponse{}, s.registry.dropDevice(ctx, in.GetDeviceNamespace(), in.GetDeviceName())
}

func (s *server) CreateDeviceModel(_ context.Context, in *pb.CreateDeviceModelRequest) (*pb.CreateDeviceModelResponse, error) {
	if err := s.registry.putModel(in.GetModel()); err != nil {
		return nil, err
	}
	return &pb.CreateDeviceModelResponse{DeviceModelName: in.GetModel().GetName(), DeviceModelNamespace: in.GetModel().GetNamespace()}, nil
}

func (s *server) UpdateDeviceModel(_ context.Context, in *pb.UpdateDeviceModelRequest) (*pb.UpdateDeviceModelResponse, error) {
	return &pb.UpdateDeviceModelResponse{}, s.registry.putModel(in.GetModel())
}

func (s *server) RemoveDeviceModel(_ context.Context, in *pb.RemoveDeviceModelRequest) (*pb.RemoveDeviceModelResponse, error) {
	return &pb.RemoveDeviceModelResponse{}, s.registry.dropModel(in.GetModelNamespace(), in.GetModelName())
}

// GetDevice answers with the device and the twins that were reported last.
func (s *server) GetDevice(_ context.Context, in *pb.GetDeviceRequest) (*pb.GetDeviceResponse, error) {
	d, err := s.registry.device(in.GetDeviceNamespace(), in.GetDeviceName())
	if err != nil {
		return nil, status.Error(codes.NotFound, err.Error())
	}
	if d.Status == nil {
		d.Status = &pb.DeviceStatus{}
	}
	d.Status.Twins = s.outbox.twins(ID{d.GetNamespace(), d.GetName()})
	return &pb.GetDeviceResponse{Device: d}, nil
}

// contained makes an error of a panic, so that one bad call ends alone.
func contained(log *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (out any, err error) {
		defer func() {
			if v := recover(); v != nil {
				log.Error("call of edgecore panicked", "call", info.FullMethod, "err", fmt.Sprint(v), "stack", string(debug.Stack()))
				out, err = nil, status.Errorf(codes.Internal, "panic: %v", v)
			}
		}()
		return next(ctx, in)
	}
}
