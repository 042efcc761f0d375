"""Tests of the PDU and command set codec."""
