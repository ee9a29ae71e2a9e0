package helm

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The kinds of OpenYurt, as far as the manifests use them, after its API
// reference: apps.openyurt.io.

type nodePool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Type              string            `json:"type"`
		Labels            map[string]string `json:"labels"`
		Annotations       map[string]string `json:"annotations"`
		Taints            []corev1.Taint    `json:"taints"`
		HostNetwork       bool              `json:"hostNetwork"`
		InterConnectivity bool              `json:"interConnectivity"`
	} `json:"spec"`
}

type yurtAppSet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Workload struct {
			WorkloadTemplate workloadTemplate `json:"workloadTemplate"`
			WorkloadTweaks   []workloadTweak  `json:"workloadTweaks"`
		} `json:"workload"`
		NodePoolSelector     *metav1.LabelSelector `json:"nodepoolSelector"`
		Pools                []string              `json:"pools"`
		RevisionHistoryLimit *int32                `json:"revisionHistoryLimit"`
	} `json:"spec"`
}

type workloadTemplate struct {
	StatefulSetTemplate *statefulSetTemplate `json:"statefulSetTemplate"`
	DeploymentTemplate  *deploymentTemplate  `json:"deploymentTemplate"`
}

type statefulSetTemplate struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              appsv1.StatefulSetSpec `json:"spec"`
}

type deploymentTemplate struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              appsv1.DeploymentSpec `json:"spec"`
}

type workloadTweak struct {
	NodePoolSelector *metav1.LabelSelector `json:"nodepoolSelector"`
	Pools            []string              `json:"pools"`
	Tweaks           struct {
		Replicas        *int32 `json:"replicas"`
		ContainerImages []struct {
			Name        string `json:"name"`
			TargetImage string `json:"targetImage"`
		} `json:"containerImages"`
		Patches []struct {
			Path      string `json:"path"`
			Operation string `json:"operation"`
			Value     any    `json:"value"`
		} `json:"patches"`
	} `json:"tweaks"`
}

type unitedDeployment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector             *metav1.LabelSelector `json:"selector"`
		WorkloadTemplate     workloadTemplate      `json:"workloadTemplate"`
		RevisionHistoryLimit *int32                `json:"revisionHistoryLimit"`
		Topology             struct {
			Pools []struct {
				Name             string                  `json:"name"`
				NodeSelectorTerm corev1.NodeSelectorTerm `json:"nodeSelectorTerm"`
				Tolerations      []corev1.Toleration     `json:"tolerations"`
				Replicas         *int32                  `json:"replicas"`
				Patch            any                     `json:"patch"`
			} `json:"pools"`
		} `json:"topology"`
	} `json:"spec"`
}
