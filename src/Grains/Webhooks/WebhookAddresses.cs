using Ppec.Drivers.Net;

namespace Ppec.Grains.Webhooks;

/// <summary>Where webhooks may lead.</summary>
public sealed record WebhookAddresses(AddressGuard Guard);
