// The KeyValueStore's data plane accepts SigV4A only; importing an implementation registers it with the SDK.
// A bundle that cannot contain the native one replaces this file by @aws-sdk/signature-v4a.
import '@aws-sdk/signature-v4-crt';
