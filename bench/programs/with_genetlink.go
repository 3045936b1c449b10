// The workloads of a Go program: one request at a time through genetlink and netlink of mdlayher,
// Debian's netlink packages for Go, which have no IPVS messages of their own. Adds and reads the
// same objects as library.ts.
//
//	with_genetlink load|list SERVICES DESTINATIONS
package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
)

// Commands, and the attributes of their messages.
const (
	newService     = 1
	getService     = 4
	newDestination = 5
	getDestination = 8

	attrService     = 1
	attrDestination = 2
)

// Attributes of a service.
const (
	svcFamily    = 1
	svcProtocol  = 2
	svcAddress   = 3
	svcPort      = 4
	svcScheduler = 6
	svcFlags     = 7
	svcTimeout   = 8
	svcNetmask   = 9
)

// Attributes of a destination.
const (
	destAddress        = 1
	destPort           = 2
	destForwarding     = 3
	destWeight         = 4
	destUpperThreshold = 5
	destLowerThreshold = 6
	destFamily         = 11
)

const (
	virtual = 0x0a600001
	real    = 0x0a800001

	ipv4 = 2
	tcp  = 6
)

type service struct {
	family, protocol, port uint16
	address                net.IP
	scheduler              string
}

type destination struct {
	address                                            net.IP
	port                                               uint16
	forwarding, weight, lowerThreshold, upperThreshold uint32
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "with_genetlink:", err)
		os.Exit(1)
	}
}

func ipv4Address(number uint32) net.IP {
	bytes := make(net.IP, net.IPv6len)
	binary.BigEndian.PutUint32(bytes, number)
	return bytes
}

func bigEndian(value uint16) []byte {
	return []byte{byte(value >> 8), byte(value)}
}

func (s *service) encodeKey(to *netlink.AttributeEncoder) {
	to.Uint16(svcFamily, s.family)
	to.Uint16(svcProtocol, s.protocol)
	to.Bytes(svcAddress, s.address)
	to.Bytes(svcPort, bigEndian(s.port))
}

func (s *service) encodeSettings(to *netlink.AttributeEncoder) {
	to.String(svcScheduler, s.scheduler)
	to.Bytes(svcFlags, []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	to.Uint32(svcTimeout, 0)
	to.Uint32(svcNetmask, 0xffffffff)
}

func (d *destination) encode(to *netlink.AttributeEncoder) {
	to.Bytes(destAddress, d.address)
	to.Bytes(destPort, bigEndian(d.port))
	to.Uint32(destForwarding, d.forwarding)
	to.Uint32(destWeight, d.weight)
	to.Uint32(destUpperThreshold, d.upperThreshold)
	to.Uint32(destLowerThreshold, d.lowerThreshold)
	to.Uint16(destFamily, ipv4)
}

func (s *service) decode(from *netlink.AttributeDecoder) {
	for from.Next() {
		switch from.Type() {
		case svcFamily:
			s.family = from.Uint16()
		case svcProtocol:
			s.protocol = from.Uint16()
		case svcAddress:
			s.address = append(net.IP(nil), from.Bytes()...)
		case svcPort:
			s.port = binary.BigEndian.Uint16(from.Bytes())
		case svcScheduler:
			s.scheduler = from.String()
		}
	}
}

func (d *destination) decode(from *netlink.AttributeDecoder) {
	for from.Next() {
		switch from.Type() {
		case destAddress:
			d.address = append(net.IP(nil), from.Bytes()...)
		case destPort:
			d.port = binary.BigEndian.Uint16(from.Bytes())
		case destForwarding:
			d.forwarding = from.Uint32()
		case destWeight:
			d.weight = from.Uint32()
		case destUpperThreshold:
			d.upperThreshold = from.Uint32()
		case destLowerThreshold:
			d.lowerThreshold = from.Uint32()
		}
	}
}

// encoder adds attributes to those of a message.
type encoder func(*netlink.AttributeEncoder)

// client sends requests, each with an answer of its own.
type client struct {
	conn   *genetlink.Conn
	family uint16
}

func (c *client) request(
	command uint8, flags netlink.HeaderFlags, encode encoder,
) []genetlink.Message {
	attributes := netlink.NewAttributeEncoder()
	encode(attributes)
	data, err := attributes.Encode()
	check(err)
	message := genetlink.Message{
		Header: genetlink.Header{Command: command, Version: 1},
		Data:   data,
	}
	answers, err := c.conn.Execute(message, c.family, netlink.Request|flags)
	check(err)
	return answers
}

func nested(attribute uint16, encode encoder) encoder {
	return func(to *netlink.AttributeEncoder) {
		to.Nested(attribute, func(inside *netlink.AttributeEncoder) error {
			encode(inside)
			return nil
		})
	}
}

// decodeEach decodes the object in each of the answers.
func decodeEach(answers []genetlink.Message, decode func(*netlink.AttributeDecoder)) {
	for _, answer := range answers {
		attributes, err := netlink.NewAttributeDecoder(answer.Data)
		check(err)
		for attributes.Next() {
			attributes.Nested(func(inside *netlink.AttributeDecoder) error {
				decode(inside)
				return nil
			})
		}
		check(attributes.Err())
	}
}

func load(c *client, services, destinations int) int {
	for i := 0; i < services; i++ {
		svc := service{
			family: ipv4, protocol: tcp, port: 80, scheduler: "rr",
			address: ipv4Address(uint32(virtual + i)),
		}
		c.request(newService, netlink.Acknowledge, nested(attrService,
			func(to *netlink.AttributeEncoder) {
				svc.encodeKey(to)
				svc.encodeSettings(to)
			}))
		for j := 0; j < destinations; j++ {
			dest := destination{
				address: ipv4Address(uint32(real + i*destinations + j)), port: 8080, weight: 1,
			}
			c.request(newDestination, netlink.Acknowledge, func(to *netlink.AttributeEncoder) {
				nested(attrService, svc.encodeKey)(to)
				nested(attrDestination, dest.encode)(to)
			})
		}
	}
	return services * (1 + destinations)
}

func list(c *client, _, _ int) int {
	var services []service
	decodeEach(c.request(getService, netlink.Dump, func(*netlink.AttributeEncoder) {}),
		func(from *netlink.AttributeDecoder) {
			var svc service
			svc.decode(from)
			services = append(services, svc)
		})
	count := len(services)
	for each := range services {
		var destinations []destination
		answers := c.request(getDestination, netlink.Dump,
			nested(attrService, services[each].encodeKey))
		decodeEach(answers, func(from *netlink.AttributeDecoder) {
			var dest destination
			dest.decode(from)
			destinations = append(destinations, dest)
		})
		count += len(destinations)
	}
	return count
}

func main() {
	if len(os.Args) != 4 {
		check(fmt.Errorf("usage: with_genetlink load|list SERVICES DESTINATIONS"))
	}
	services, err := strconv.Atoi(os.Args[2])
	check(err)
	destinations, err := strconv.Atoi(os.Args[3])
	check(err)
	workloads := map[string]func(*client, int, int) int{"load": load, "list": list}
	workload, found := workloads[os.Args[1]]
	if !found {
		check(fmt.Errorf("no such workload: %s", os.Args[1]))
	}
	conn, err := genetlink.Dial(nil)
	check(err)
	defer conn.Close()
	family, err := conn.GetFamily("IPVS")
	check(err)
	begin := time.Now()
	operations := workload(&client{conn, family.ID}, services, destinations)
	milliseconds := float64(time.Since(begin).Nanoseconds()) / 1e6
	fmt.Printf("{\"operations\":%d,\"milliseconds\":%f}\n", operations, milliseconds)
}
