//! Ready-made webhooks of well-known services: filled-in templates, which people then change.

use schemars::JsonSchema;
use serde::Serialize;

use super::{BodyType, Webhook, WebhookMethod};

/// A ready-made webhook of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChannelPreset {
    /// Which one, for programs.
    pub id: &'static str,
    /// Name of the service.
    pub name: &'static str,
    /// What is to be stored as which secret, and what is to be changed.
    pub hint: &'static str,
    /// The secret that it names.
    pub secret: &'static str,
    /// The webhook.
    pub webhook: Webhook,
}

/// Workflows of Teams take a message with an adaptive card.
const TEAMS: &str = r#"{
  "type": "message",
  "attachments": [
    {
      "contentType": "application/vnd.microsoft.card.adaptive",
      "content": {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
          {
            "type": "TextBlock",
            "text": "{title}",
            "weight": "Bolder",
            "size": "Medium",
            "wrap": true
          },
          { "type": "TextBlock", "text": "{text}", "wrap": true }
        ]
      }
    }
  ]
}
"#;

/// Blocks of plain text: what a tag is called cannot mention or format anything.
const SLACK: &str = r#"{
  "text": "{title}",
  "blocks": [
    {
      "type": "header",
      "text": { "type": "plain_text", "text": "{title}", "emoji": false }
    },
    {
      "type": "section",
      "text": { "type": "plain_text", "text": "{text}", "emoji": false }
    }
  ]
}
"#;

/// Without a parse mode a text is a text.
const TELEGRAM: &str = r#"{
  "chat_id": "CHAT",
  "text": "{title}\n\n{text}",
  "link_preview_options": { "is_disabled": true }
}
"#;

const NTFY: &str = r#"{
  "topic": "TOPIC",
  "title": "{title}",
  "message": "{text}",
  "priority": {urgency},
  "tags": ["{kind}"]
}
"#;

/// Returns the ready-made webhooks.
pub fn channel_presets() -> Vec<ChannelPreset> {
    let webhook = |url: &str, body: &str| Webhook {
        method: WebhookMethod::Post,
        url: url.to_owned(),
        headers: std::collections::BTreeMap::new(),
        body_type: BodyType::Json,
        body: body.to_owned(),
    };
    vec![
        ChannelPreset {
            id: "teams",
            name: "Microsoft Teams",
            hint: "In the channel of Teams make the workflow \"Post to a channel when a webhook \
                   request is received\" and store its whole address as the secret teams.",
            secret: "teams",
            webhook: webhook("${secret:teams}", TEAMS),
        },
        ChannelPreset {
            id: "slack",
            name: "Slack",
            hint: "Make an app of Slack with an incoming webhook and store its whole address as \
                   the secret slack.",
            secret: "slack",
            webhook: webhook("${secret:slack}", SLACK),
        },
        ChannelPreset {
            id: "telegram",
            name: "Telegram",
            hint: "Make a bot with @BotFather, store its token as the secret telegram, and write \
                   the number of the chat in the place of CHAT.",
            secret: "telegram",
            webhook: webhook(
                "https://api.telegram.org/bot${secret:telegram}/sendMessage",
                TELEGRAM,
            ),
        },
        ChannelPreset {
            id: "ntfy",
            name: "ntfy",
            hint: "Write the topic in the place of TOPIC, and your own server in the place of \
                   ntfy.sh. For a topic that needs a token, store it as the secret ntfy and add \
                   the header Authorization: Bearer ${secret:ntfy}.",
            secret: "",
            webhook: webhook("https://ntfy.sh/", NTFY),
        },
    ]
}
