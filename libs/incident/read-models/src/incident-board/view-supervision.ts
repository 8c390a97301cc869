import type { IncidentView, SupervisionView } from './incident-view.js';
import { opened, ordered, settle, withOrder, type OneOf } from './view-changes.js';

// Orders, and what was answered.

type OrderEvent = OneOf<'SupervisionIssued' | 'SupervisionResponded' | 'SupervisionLifted'>;

export function afterOrder(view: IncidentView, event: OrderEvent, at: string): IncidentView {
  const { supervisionId } = event.data;
  switch (event.type) {
    case 'SupervisionIssued': {
      const { taskId, departmentId, deadlineId, dueAt, step, level } = ordered(view, event.data);
      const { issuedBy, reason, deadlines } = event.data;
      const order: SupervisionView = {
        ...{ supervisionId, taskId, departmentId, deadlineId, dueAt, step, level, issuedBy, reason },
        ...{ issuedAt: at, respondedAt: null, respondedLate: null, response: null, liftedAt: null },
        ...{ liftReason: null, deadlines: deadlines.map(opened) },
      };
      return { ...view, supervisions: [...view.supervisions, order] };
    }
    case 'SupervisionResponded': {
      const { response, late } = event.data;
      return withOrder(view, supervisionId, ({ deadlines }) => ({
        ...{ respondedAt: at, respondedLate: late, response },
        deadlines: settle(deadlines, ['SUPERVISION_RESPONSE'], at),
      }));
    }
    case 'SupervisionLifted':
      return withOrder(view, supervisionId, () => ({ liftedAt: at, liftReason: event.data.reason }));
  }
}
