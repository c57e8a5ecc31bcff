// The functions of libsrtp 3 that mediasoup calls, written with libsrtp 2.
//
// libsrtp 3 differs in two ways: a policy is an opaque object with setters, and packets are protected from one buffer
// into another. The names that both versions have are overloads here, told apart by their parameters.
#ifndef SLUICE_SRTP3_H
#define SLUICE_SRTP3_H

// Both versions have a type of this name: a struct in version 2, a pointer in version 3.
#define srtp_policy_t srtp2_policy_t
#include <srtp2/srtp.h>
#undef srtp_policy_t

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

// Error codes that libsrtp 2 lacks, in numbers that it does not use.
static constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(1000);
static constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(1001);

struct Srtp3Policy
{
	srtp2_policy_t policy{};
	uint8_t key[SRTP_MAX_KEY_LEN]{};
};

typedef Srtp3Policy* srtp_policy_t;

inline srtp_err_status_t srtp_policy_create(srtp_policy_t* policy)
{
	*policy = new (std::nothrow) Srtp3Policy();

	return *policy == nullptr ? srtp_err_status_alloc_fail : srtp_err_status_ok;
}

inline void srtp_policy_destroy(srtp_policy_t policy)
{
	if (policy == nullptr)
	{
		return;
	}

	// Through a volatile pointer, so that the compiler does not drop the erasure of the key.
	volatile uint8_t* key = policy->key;

	for (size_t i = 0; i < sizeof(policy->key); ++i)
	{
		key[i] = 0;
	}

	delete policy;
}

inline srtp_err_status_t srtp_policy_set_ssrc(srtp_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->policy.ssrc = ssrc;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_profile(srtp_policy_t policy, srtp_profile_t profile)
{
	const srtp_err_status_t status =
	  srtp_crypto_policy_set_from_profile_for_rtp(&policy->policy.rtp, profile);

	if (status != srtp_err_status_ok)
	{
		return status;
	}

	return srtp_crypto_policy_set_from_profile_for_rtcp(&policy->policy.rtcp, profile);
}

inline srtp_err_status_t srtp_policy_add_key(
  srtp_policy_t policy,
  const uint8_t* key,
  size_t keyLen,
  const uint8_t* salt,
  size_t saltLen,
  const uint8_t* /*mki*/,
  size_t mkiLen)
{
	// mediasoup uses one key without an identifier.
	if (mkiLen != 0 || keyLen > sizeof(policy->key) || saltLen > sizeof(policy->key) - keyLen)
	{
		return srtp_err_status_bad_param;
	}

	std::memcpy(policy->key, key, keyLen);
	std::memcpy(policy->key + keyLen, salt, saltLen);
	policy->policy.key = policy->key;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_allow_repeat_tx(srtp_policy_t policy, bool allow)
{
	policy->policy.allow_repeat_tx = allow ? 1 : 0;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_window_size(srtp_policy_t policy, size_t windowSize)
{
	policy->policy.window_size = static_cast<unsigned long>(windowSize);

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_create(srtp_t* session, srtp_policy_t policy)
{
	const srtp2_policy_t* const policy2 = &policy->policy;

	return srtp_create(session, policy2);
}

inline srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}

// Copies the packet where it should end up, with `room` bytes to spare, and lets libsrtp 2 work on it in place.
template<typename InPlace>
inline srtp_err_status_t srtp3_into(
  const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t room, InPlace inPlace)
{
	if (inLen > static_cast<size_t>(std::numeric_limits<int>::max()) || room > *outLen || inLen > *outLen - room)
	{
		return srtp_err_status_buffer_small;
	}

	if (in != out)
	{
		std::memmove(out, in, inLen);
	}

	int len                        = static_cast<int>(inLen);
	const srtp_err_status_t status = inPlace(out, &len);

	if (status == srtp_err_status_ok)
	{
		*outLen = static_cast<size_t>(len);
	}

	return status;
}

inline srtp_err_status_t srtp_protect(
  srtp_t session, const uint8_t* rtp, size_t rtpLen, uint8_t* srtp, size_t* srtpLen, size_t /*mkiIndex*/)
{
	return srtp3_into(
	  rtp, rtpLen, srtp, srtpLen, SRTP_MAX_TRAILER_LEN, [session](void* packet, int* len)
	  { return srtp_protect(session, packet, len); });
}

inline srtp_err_status_t srtp_unprotect(
  srtp_t session, const uint8_t* srtp, size_t srtpLen, uint8_t* rtp, size_t* rtpLen)
{
	return srtp3_into(
	  srtp, srtpLen, rtp, rtpLen, 0, [session](void* packet, int* len)
	  { return srtp_unprotect(session, packet, len); });
}

inline srtp_err_status_t srtp_protect_rtcp(
  srtp_t session, const uint8_t* rtcp, size_t rtcpLen, uint8_t* srtcp, size_t* srtcpLen, size_t /*mkiIndex*/)
{
	// The index of SRTCP takes another 4 bytes.
	return srtp3_into(
	  rtcp, rtcpLen, srtcp, srtcpLen, SRTP_MAX_TRAILER_LEN + 4, [session](void* packet, int* len)
	  { return srtp_protect_rtcp(session, packet, len); });
}

inline srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t session, const uint8_t* srtcp, size_t srtcpLen, uint8_t* rtcp, size_t* rtcpLen)
{
	return srtp3_into(
	  srtcp, srtcpLen, rtcp, rtcpLen, 0, [session](void* packet, int* len)
	  { return srtp_unprotect_rtcp(session, packet, len); });
}

#endif
